# cmake -D npm=… -D nodejs=… -D source=… -D build=… -D out=… -P build_page.cmake
#
# Writes `out`, the C++ source with the page. If npm or esbuild does not work here, `out` says that the page is left
# out, and why. An error in the source of the page is an error of the build.
file(MAKE_DIRECTORY ${build})

# Ends the script: the build goes on without the page.
macro(leave_out why)
  message(WARNING "The page at / is left out: ${why}")
  file(WRITE ${build}/left_out "${why}\n")
  file(WRITE ${out} "// Written by tools/cmake/build_page.cmake.
#include \"page/page_asset.hpp\"

namespace shoal {

extern const built_page built_pages[2] = {};
extern const char* const built_page_policy = \"\";
extern const char* const built_page_missing = R\"reason(${why})reason\";

}  // namespace shoal
")
  return()
endmacro()

if(NOT npm OR NOT nodejs)
  leave_out("npm was missing when it was built. Install nodejs and npm, then configure and build again.")
endif()

# Modules stay while the lock file is the same. It is copied last, so it stands for all of them.
set(installed ${build}/package-lock.installed)
set(same 1)
if(EXISTS ${installed})
  execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${source}/package-lock.json ${installed}
                  RESULT_VARIABLE same OUTPUT_QUIET ERROR_QUIET)
endif()
if(NOT same EQUAL 0)
  file(COPY ${source}/package.json ${source}/package-lock.json DESTINATION ${build})
  execute_process(
    COMMAND ${npm} ci --ignore-scripts --no-audit --no-fund --fetch-retries=1 --loglevel=error
    WORKING_DIRECTORY ${build} RESULT_VARIABLE failed ERROR_VARIABLE words OUTPUT_QUIET)
  if(failed)
    message(STATUS "npm ci says: ${words}")
    leave_out("npm could not fetch what it needs when it was built. Give it a network, then configure and build again.")
  endif()
  file(COPY_FILE ${source}/package-lock.json ${installed})
endif()

execute_process(COMMAND ${nodejs} ${source}/build.mjs ${build} ${out} ${build}
                RESULT_VARIABLE failed ERROR_VARIABLE words OUTPUT_VARIABLE said)
if(failed EQUAL 3)
  message(STATUS "esbuild says: ${words}")
  leave_out("esbuild did not run when it was built. Install Node.js 18 or later, then configure and build again.")
elseif(failed)
  message(FATAL_ERROR "the page cannot be built: ${words}")
endif()
message(STATUS "${said}")
