// One request over HTTP/1.1 and its answer (RFC 9112).
//
// A handler calls exactly one of answer(), refuse(), begin() and begin_chunked(). After begin() it sends exactly the
// announced bytes, in any parts, by text or from files. After begin_chunked() it calls send_chunk(), and end_chunks()
// at the end. Each call says false when the client is gone; the rest is then left out. Owned by http_connection, on the
// network thread.
#pragma once

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "gateway/http_line.hpp"
#include "gateway/http_prices.hpp"
#include "store/content_files.hpp"

namespace shoal {

using http_request = boost::beast::http::request<boost::beast::http::string_body>;
using http_head = boost::beast::http::response<boost::beast::http::empty_body>;
using http_status = boost::beast::http::status;
using http_field = boost::beast::http::field;

class http_exchange {
 public:
  /// Both outlive the exchange.
  http_exchange(const http_request& request, http_line& on);

  const http_request& request() const { return request_; }
  bool head_only() const;
  /// GET or HEAD.
  bool is_read() const;
  /// Of the swarm, as the client has proven it when it connected.
  const std::optional<key_id>& key() const { return line_.to.key(); }
  bool is_encrypted() const { return line_.to.is_encrypted(); }
  /// Where the connection arrived on this machine.
  boost::asio::ip::address local_address() const;
  /// The value of a header; "" without it.
  std::string_view header(http_field field) const;

  /// The client belongs to the swarm, or has the token. Until then no answer names this program.
  void on_admitted() { is_admitted_ = true; }
  /// The client is the user: its answers may be of any length.
  void on_trusted() { trusted_ = true; }
  /// A whole answer. If too many long ones of this origin are on their way, the client is told to come again.
  awaitable<bool> answer(http_status status, std::string_view type, std::string body);
  awaitable<bool> answer(http_head head, std::string_view type, std::string body);
  /// `why` as an answer in plain text, with the status of its class.
  awaitable<bool> refuse(const error& why);
  awaitable<bool> refuse(http_status status, const std::string& why);
  /// The head of an answer with `bytes` of content. The client may want the head alone.
  awaitable<bool> begin(http_head head, std::uint64_t bytes);
  /// An answer whose length nobody knows yet: send_chunk() for its parts, which are not empty; then end_chunks().
  awaitable<bool> begin_chunked(http_head head);
  awaitable<bool> send_chunk(std::string_view text);
  awaitable<bool> end_chunks();

  /// The same, if no part has a length: the end of the connection ends the answer.
  awaitable<bool> begin_until_close(http_head head);

  awaitable<bool> send_text(std::string_view text);
  /// Sends so many bytes of an open file, as fast as `limit` lets them. The result is an error if the file broke, or if
  /// `check` says after a wait that it is not what it was.
  awaitable<result<bool>> send_file(content_files::readable_range from, std::uint64_t bytes, throttle& limit,
                                    std::function<result<void>()> check);

  /// Begins the stall deadline anew. False: the client is gone.
  bool keep_waiting();

  /// The answer takes so much work (gateway/http_prices) beside reading the request. An answer that is made in parts
  /// rests between them.
  void on_work(work_price work) { line_.account.charge(work); }
  awaitable<void> rest();
  /// What the request costs beside that: content pays for it.
  work_price price() const { return prices::less_content(prices::http_request, content_bytes_); }
  /// Where the client is.
  const address_group& origin() const { return line_.origin; }
  /// Nothing if the connection is gone.
  std::optional<tcp::endpoint> remote() const { return line_.to.remote(); }

  /// The connection can take another request.
  bool keeps_alive() const { return keeps_alive_; }
  void close_after() { keeps_alive_ = false; }

 private:
  http_head completed(http_head head) const;

  const http_request& request_;
  http_line& line_;
  bool keeps_alive_;
  bool is_admitted_ = false;
  bool trusted_ = false;
  std::uint64_t content_bytes_ = 0;  ///< sent from files
};

/// The status that says what an error says.
http_status status_of(errc code);

}  // namespace shoal
