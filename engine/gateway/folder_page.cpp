#include "gateway/folder_page.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "core/human_bytes.hpp"
#include "gateway/request_target.hpp"

namespace shoal {

namespace {

std::string json_text(std::string_view text) {
  return boost::json::serialize(boost::json::value(boost::json::string_view(text.data(), text.size())));
}

std::string_view kind_name(tree_place::kind is) {
  return is == tree_place::kind::folder ? "folder" : is == tree_place::kind::symlink ? "symlink" : "file";
}

constexpr std::string_view style =
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 "
    "1rem}table{border-collapse:collapse;width:100%}td{padding:.2rem .5rem;border-top:1px solid "
    "#8884}td+td{text-align:right;white-space:nowrap}a{text-decoration:none;overflow-wrap:anywhere}";

}  // namespace

bool prefers_json(std::string_view accept) {
  const std::size_t json = accept.find("application/json");
  const std::size_t html = accept.find("text/html");
  return json != std::string_view::npos && json < html;
}

std::string html_text(std::string_view text) {
  std::string escaped;
  for (const char one : text) {
    switch (one) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += one;
    }
  }
  return escaped;
}

folder_page::folder_page(metainfo_ptr info, std::string path, const tree_place& at, bool json)
    : info_(std::move(info)), path_(std::move(path)), json_(json), rows_(info_, path_, at) {}

std::string_view folder_page::media_type() const {
  return json_ ? "application/json" : "text/html; charset=utf-8";
}

std::string folder_page::next(std::size_t bytes) {
  std::string part;
  if (stage_ == stage::head) {
    part = head();
    stage_ = stage::rows;
  }
  while (stage_ == stage::rows && part.size() < bytes) {
    if (const auto one = rows_.next()) {
      part += row(*one);
    } else {
      part += foot();
      stage_ = stage::ended;
    }
  }
  return part;
}

std::string folder_page::head() const {
  const std::string shown = info_->name() + (path_.empty() ? "" : "/" + path_);
  if (json_) {
    return "{\"id\":\"" + info_->id().hex() + "\",\"name\":" + json_text(info_->name()) +
           ",\"path\":" + json_text(path_) + ",\"entries\":[";
  }
  std::string text =
      "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>";
  text += html_text(shown) + "</title><style>";
  text += style;
  text += "</style><h1>" + html_text(shown) + "</h1><table>\n";
  if (!path_.empty()) text += "<tr><td><a href=\"../\">../</a><td>\n";
  return text;
}

std::string folder_page::row(const tree_row& one) {
  if (json_) {
    std::string text = std::exchange(first_, false) ? "\n" : ",\n";
    text += "{\"name\":" + json_text(one.name) + ",\"type\":\"" + std::string(kind_name(one.is)) + "\"";
    if (one.is == tree_place::kind::file) text += ",\"size\":" + std::to_string(one.size);
    if (one.is == tree_place::kind::symlink) text += ",\"target\":" + json_text(one.target);
    return text + "}";
  }
  const std::string slash = one.is == tree_place::kind::folder ? "/" : "";
  // Without "./" a name with a colon is a scheme (RFC 3986, 4.2).
  return "<tr><td><a href=\"./" + escaped_path(one.name) + slash + "\">" + html_text(one.name) + slash + "</a><td>" +
         (one.is == tree_place::kind::file ? human_bytes(one.size) : std::string()) + "\n";
}

std::string folder_page::foot() const {
  return json_ ? "\n]}\n" : "</table>\n";
}

}  // namespace shoal
