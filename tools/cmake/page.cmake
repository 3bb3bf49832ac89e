# shoal_page: the page that a browser sees at "/" of a peer and of a tracker, as bytes inside the program.
#
# npm fetches what engine/gateway/ui/package-lock.json names, into the build directory. Without npm, or if it fails, the
# build goes on without the page, says so, and tries again at the next configuration.
set(SHOAL_PAGE_DIRECTORY ${PROJECT_BINARY_DIR}/page)
set(page_source ${PROJECT_SOURCE_DIR}/engine/gateway/ui)
set(page_bytes ${SHOAL_PAGE_DIRECTORY}/page_bytes.cpp)

find_program(SHOAL_NPM npm)
find_program(SHOAL_NODEJS NAMES nodejs node)
if(NOT SHOAL_NPM OR NOT SHOAL_NODEJS)
  message(STATUS "npm is missing: the page at / is left out. Install nodejs and npm (tools/setup does)")
endif()
if(EXISTS ${SHOAL_PAGE_DIRECTORY}/left_out)
  file(REMOVE ${SHOAL_PAGE_DIRECTORY}/left_out ${page_bytes})
endif()

file(GLOB page_inputs CONFIGURE_DEPENDS ${page_source}/*.json ${page_source}/*.mjs ${page_source}/src/*)
add_custom_command(
  OUTPUT ${page_bytes}
  COMMAND ${CMAKE_COMMAND} -D npm=${SHOAL_NPM} -D nodejs=${SHOAL_NODEJS} -D source=${page_source}
          -D build=${SHOAL_PAGE_DIRECTORY} -D out=${page_bytes} -P ${CMAKE_CURRENT_LIST_DIR}/build_page.cmake
  DEPENDS ${page_inputs} ${CMAKE_CURRENT_LIST_DIR}/build_page.cmake
  COMMENT "Building the page"
  VERBATIM)

add_library(shoal_page STATIC ${PROJECT_SOURCE_DIR}/engine/page/page_asset.cpp ${page_bytes})
target_include_directories(shoal_page PUBLIC ${PROJECT_SOURCE_DIR}/engine)
target_link_libraries(shoal_page PUBLIC shoal_options shoal_core PRIVATE ZLIB::ZLIB)
