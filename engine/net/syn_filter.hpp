// Makes the kernel drop the connection attempts of some origins at a listening socket, before they cost this process
// anything (SO_ATTACH_FILTER, socket(7)).
//
// Whoever is dropped tries again a second later and then ever more rarely, as after any loss (RFC 6298). So nobody is
// refused who only came at a bad moment. Only segments that open a connection are looked at. Connections inherit the
// filter and do not notice. Used by net/listener.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <span>
#include <vector>

#include "core/address_group.hpp"

namespace shoal {

/// More origins than this are not dropped. A program for the kernel has 4,096 steps at most.
inline constexpr std::size_t filtered_origins_max = 256;

/// The program: drops what opens a connection from these origins. The offsets are of TCP, and of IP by SKF_NET_OFF.
std::vector<sock_filter> syn_filter(std::span<const address_group> origins);

/// Drops from now on what comes from these origins, and nothing else. False if the kernel does not do it.
bool drop_attempts(int listening_socket, std::span<const address_group> origins);

}  // namespace shoal
