find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto SSL)
find_package(Boost 1.81 REQUIRED COMPONENTS program_options)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(spdlog REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)

# libipsec-mb has no CMake package. It is optional: OpenSSL does the hashing where it is missing.
find_path(IPSEC_MB_INCLUDE intel-ipsec-mb.h)
find_library(IPSEC_MB_LIBRARY IPSec_MB)
add_library(ipsec_mb INTERFACE)
if(IPSEC_MB_INCLUDE AND IPSEC_MB_LIBRARY)
  target_include_directories(ipsec_mb SYSTEM INTERFACE ${IPSEC_MB_INCLUDE})
  target_link_libraries(ipsec_mb INTERFACE ${IPSEC_MB_LIBRARY})
  target_compile_definitions(ipsec_mb INTERFACE SHOAL_HAS_IPSEC_MB)
endif()

# libedit has no CMake package either. The console edits its lines with it.
find_path(EDIT_INCLUDE editline/readline.h)
find_library(EDIT_LIBRARY edit)
if(NOT EDIT_INCLUDE OR NOT EDIT_LIBRARY)
  message(FATAL_ERROR "libedit is missing: install libedit-dev")
endif()
add_library(libedit INTERFACE)
target_include_directories(libedit SYSTEM INTERFACE ${EDIT_INCLUDE})
target_link_libraries(libedit INTERFACE ${EDIT_LIBRARY})

# Nor has utf8proc in Debian 12. It decodes UTF-8 and knows how wide a character is.
find_path(UTF8PROC_INCLUDE utf8proc.h)
find_library(UTF8PROC_LIBRARY utf8proc)
if(NOT UTF8PROC_INCLUDE OR NOT UTF8PROC_LIBRARY)
  message(FATAL_ERROR "utf8proc is missing: install libutf8proc-dev")
endif()
add_library(utf8proc INTERFACE)
target_include_directories(utf8proc SYSTEM INTERFACE ${UTF8PROC_INCLUDE})
target_link_libraries(utf8proc INTERFACE ${UTF8PROC_LIBRARY})

# Headers only in Debian: engine/net/asio_impl.cpp and engine/core/json_impl.cpp each compile one library once.
add_library(asio INTERFACE)
target_link_libraries(asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(asio INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=8)
