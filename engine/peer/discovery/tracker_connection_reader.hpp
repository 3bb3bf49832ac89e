// Takes the decoded messages of a tracker_connection; implemented by tracker_client.
#pragma once

#include "directory/tracking.hpp"

namespace shoal {

class tracker_connection_reader {
 public:
  /// May take the message apart. False for a delta that does not follow: the connection then asks for a snapshot.
  virtual bool on_message(tracking::tracker_message& message) = 0;
  /// The tracker does not answer, although its machine may acknowledge; or it answers again.
  virtual void on_mute(bool mute) = 0;
  /// The number of peers that the tracker has to answer, as far as is known.
  virtual std::size_t peers_known() const = 0;

 protected:
  ~tracker_connection_reader() = default;
};

}  // namespace shoal
