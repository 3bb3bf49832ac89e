# What a package holds besides the program, and how cpack makes one. tools/package calls it.

option(SHOAL_DEBIAN_PACKAGE "Install what Debian's package has: units, settings in /etc/shoal, documents" OFF)
set(SHOAL_MAINTAINER "The shoal project <shoal@shoal.invalid>" CACHE STRING "Who makes the package: NAME <ADDRESS>")

# Debian's zsh looks for functions of packages in a directory of its own.
if(NOT SHOAL_DEBIAN_PACKAGE)
  set(SHOAL_ZSH_FUNCTIONS share/zsh/site-functions)
  return()
endif()
set(SHOAL_ZSH_FUNCTIONS share/zsh/vendor-completions)

set(debian ${PROJECT_SOURCE_DIR}/packaging/debian)
set(documents ${PROJECT_BINARY_DIR}/documents)
find_program(GZIP gzip REQUIRED)

set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
string(TIMESTAMP package_date "%a, %d %b %Y %H:%M:%S +0000" UTC)  # of SOURCE_DATE_EPOCH where that is set
configure_file(${debian}/changelog.in ${documents}/changelog.Debian @ONLY)
execute_process(COMMAND ${GZIP} -9nf ${documents}/changelog.Debian COMMAND_ERROR_IS_FATAL ANY)

install(FILES ${documents}/changelog.Debian.gz ${debian}/copyright ${debian}/README.Debian DESTINATION share/doc/shoal)
install(FILES README.md docs/CONTROL.md docs/DESIGN.md docs/SECURITY.md docs/grafana.json docs/openapi.json
  DESTINATION share/doc/shoal)
install(FILES ${debian}/lintian-overrides DESTINATION share/lintian/overrides RENAME shoal)
install(FILES packaging/systemd/shoal-peer.service packaging/systemd/shoal-tracker.service
  DESTINATION /lib/systemd/system)
install(PROGRAMS packaging/systemd/back-off DESTINATION libexec/shoal)
install(FILES ${debian}/peer.ini ${debian}/tracker.ini DESTINATION /etc/shoal)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME shoal)
set(CPACK_PACKAGE_CONTACT "${SHOAL_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "moves big files to many machines")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"One machine runs a tracker, every machine runs a peer. What one peer adds, all
others see at once. A downloading peer takes chunks from all holders in
parallel and passes them on. When a holder dies in the middle, its chunks go to
the living. Every byte is checked against SHA-256 before it counts.
.
A share is a BitTorrent v2 torrent, so other v2 clients can take part. Peers
serve their shares over HTTP, too.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "bash-completion")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${debian}/conffiles ${debian}/postinst ${debian}/prerm ${debian}/postrm)
set(CPACK_STRIP_FILES ON)
# Units and settings have their places outside of the prefix.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)
