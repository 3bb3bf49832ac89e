// What decode() (messages.hpp) and the frame reader share. It reads a frame straight into the result of either.
//
// Moving a message from one variant into another costs more than decoding it. So each message is built in its final
// place. Only messages.cpp and frame_reader.cpp include this. Pure.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/bytes.hpp"
#include "core/error.hpp"
#include "wire/extension.hpp"
#include "wire/frame_reader.hpp"
#include "wire/messages.hpp"

namespace shoal::wire {

/// Message ids: BEP 3, then BEP 6, 10 and 52.
enum class message_id : std::uint8_t {
  choke = 0,
  unchoke = 1,
  interested = 2,
  not_interested = 3,
  have = 4,
  bitfield = 5,
  request = 6,
  piece = 7,
  cancel = 8,
  suggest = 13,
  have_all = 14,
  have_none = 15,
  reject = 16,
  allowed_fast = 17,
  extended = 20,
  hash_request = 21,
  hashes = 22,
  hash_reject = 23,
};

/// Frame sizes with the id, without the length prefix.
inline constexpr std::size_t index_frame_bytes = 1 + 4;
inline constexpr std::size_t range_frame_bytes = 1 + 3 * 4;
inline constexpr std::size_t hash_range_frame_bytes = 1 + digest::size + 4 * 4;
inline constexpr std::size_t hash_values_max = hashes_per_request_max + hash_proofs_max;

/// Builds `content` in the place where the result keeps it.
template <class Result, class Message>
Result built(Message&& content) {
  using kept = std::remove_cvref_t<Message>;
  if constexpr (std::is_same_v<Result, result<message>>) {
    return Result(boost::system::in_place_value, std::in_place_type<kept>, std::forward<Message>(content));
  } else {
    static_assert(std::is_same_v<Result, result<frame_reader::event>>);
    return Result(boost::system::in_place_value, std::in_place_type<message>, std::in_place_type<kept>,
                  std::forward<Message>(content));
  }
}

inline error wrong_length(byte_view frame) {
  return {errc::protocol, "message " + std::to_string(frame[0]) + " of " + std::to_string(frame.size()) +
                              " bytes: messages with this id have another length"};
}

template <class Result, class Message>
Result take_bare(byte_view frame) {
  if (frame.size() != 1) return wrong_length(frame);
  return built<Result>(Message{});
}

template <class Result, class Message>
Result take_index(byte_view frame) {
  if (frame.size() != index_frame_bytes) return wrong_length(frame);
  return built<Result>(Message{piece_index{load_be32(frame.data() + 1)}});
}

template <class Result, class Message>
Result take_range(byte_view frame) {
  if (frame.size() != range_frame_bytes) return wrong_length(frame);
  const std::uint32_t bytes = load_be32(frame.data() + 9);
  if (bytes > request_bytes_max) {
    return error{errc::protocol, "message " + std::to_string(frame[0]) + " about " + std::to_string(bytes) +
                                     " bytes: at most " + std::to_string(request_bytes_max) + " may be requested"};
  }
  return built<Result>(Message{{piece_index{load_be32(frame.data() + 1)}, load_be32(frame.data() + 5), bytes}});
}

/// `frame` has at least hash_range_frame_bytes.
inline hash_range hash_range_of(byte_view frame) {
  hash_range range;
  std::memcpy(range.root.bytes.data(), frame.data() + 1, digest::size);
  const std::uint8_t* from = frame.data() + 1 + digest::size;
  range.base_height = load_be32(from);
  range.index = load_be32(from + 4);
  range.count = load_be32(from + 8);
  range.proof_layers = load_be32(from + 12);
  return range;
}

template <class Result, class Message>
Result take_hash_range(byte_view frame) {
  if (frame.size() != hash_range_frame_bytes) return wrong_length(frame);
  return built<Result>(Message{hash_range_of(frame)});
}

template <class Result>
Result take_hashes(byte_view frame) {
  if (frame.size() < hash_range_frame_bytes) return wrong_length(frame);
  const byte_view values = frame.subspan(hash_range_frame_bytes);
  if (values.size() % digest::size != 0 || values.size() / digest::size > hash_values_max) {
    return wrong_length(frame);
  }
  hashes out{hash_range_of(frame), std::vector<digest>(values.size() / digest::size)};
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    std::memcpy(out.values[i].bytes.data(), values.data() + i * digest::size, digest::size);
  }
  return built<Result>(std::move(out));
}

/// Like decode() (messages.hpp), into a `Result` that built() makes.
template <class Result>
Result decode_as(byte_view frame) {
  if (frame.empty()) return built<Result>(keep_alive{});
  switch (static_cast<message_id>(frame[0])) {
    case message_id::choke:
      return take_bare<Result, choke>(frame);
    case message_id::unchoke:
      return take_bare<Result, unchoke>(frame);
    case message_id::interested:
      return take_bare<Result, interested>(frame);
    case message_id::not_interested:
      return take_bare<Result, not_interested>(frame);
    case message_id::have:
      return take_index<Result, have>(frame);
    case message_id::bitfield:
      return built<Result>(bitfield{byte_buffer(frame.begin() + 1, frame.end())});
    case message_id::request:
      return take_range<Result, request>(frame);
    case message_id::cancel:
      return take_range<Result, cancel>(frame);
    case message_id::suggest:
      return take_index<Result, suggest>(frame);
    case message_id::have_all:
      return take_bare<Result, have_all>(frame);
    case message_id::have_none:
      return take_bare<Result, have_none>(frame);
    case message_id::reject:
      return take_range<Result, reject>(frame);
    case message_id::allowed_fast:
      return take_index<Result, allowed_fast>(frame);
    case message_id::extended:
      if (frame.size() < 2) return wrong_length(frame);
      return built<Result>(extended{frame[1], byte_buffer(frame.begin() + 2, frame.end())});
    case message_id::hash_request:
      return take_hash_range<Result, hash_request>(frame);
    case message_id::hashes:
      return take_hashes<Result>(frame);
    case message_id::hash_reject:
      return take_hash_range<Result, hash_reject>(frame);
    // The frame reader takes the payload of `piece` apart: it never becomes a message.
    case message_id::piece:
      return wrong_length(frame);
  }
  return built<Result>(unknown{frame[0]});
}

}  // namespace shoal::wire
