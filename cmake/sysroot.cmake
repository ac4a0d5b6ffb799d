# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
# vvs_sysroot(ARCH) lets find_library and find_path see the foreign packages that `scripts/setup --group cross`
# unpacks; they can't be installed beside the cross compilers' own C library.
function(vvs_sysroot arch)
  set(root ${CMAKE_CURRENT_LIST_DIR}/../.venv/sysroot/${arch}/usr)
  get_filename_component(root ${root} ABSOLUTE)
  file(GLOB libraries ${root}/lib/*-linux-gnu)
  set(CMAKE_LIBRARY_PATH ${libraries} PARENT_SCOPE)
  set(CMAKE_INCLUDE_PATH ${root}/include PARENT_SCOPE)
endfunction()
