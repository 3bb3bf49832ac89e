// Signatures of publications: what is signed, how it is checked, and how it travels beside the catalogue.
//
// The signed text is, in this order:
// - the label "shoal signed share 1" and a zero byte, which no other use of a publisher's key has,
// - the share's id, 32 bytes,
// - the time of publication, Unix milliseconds as 8 bytes, big-endian,
// - the share's name: all that follows, UTF-8.
// Only the name has no fixed length, and it is last. So two different claims never have one text. Between peers (BEP
// 10) a publication travels as the 120 bytes of packed(), and in a .torrent as the dictionary `shoal` beside `info`.
// Pure.
#pragma once

#include <string_view>

#include "content/publication.hpp"
#include "core/bytes.hpp"
#include "core/error.hpp"

namespace shoal {

namespace bencode {
class writer;
}

/// `claim` with the standing of its signature as a claim about this share. Takes about 0.1 ms if there is one.
publication checked(publication claim, const share_id& id, std::string_view name);

/// `claim`, signed. errc::internal if OpenSSL cannot.
result<publication> signed_by(const publisher_secret& secret, publication claim, const share_id& id,
                              std::string_view name);

/// A signed publication as peers tell it: publisher, time, key and signature.
byte_buffer packed(const publication& of);
/// Unchecked. Without any signature if these are not the bytes of one.
publication unpacked_publication(byte_view bytes);

/// Appends the key `shoal` and its dictionary, if the publication is signed.
void write_publication(bencode::writer& torrent, const publication& of);
/// What write_publication() wrote into the .torrent, unchecked; nothing known if there is none or it is malformed.
publication publication_of_torrent(byte_view torrent);

}  // namespace shoal
