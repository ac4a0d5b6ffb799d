# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
include(${CMAKE_CURRENT_LIST_DIR}/sysroot.cmake)
# The kernel's asm headers serve both widths, but Debian has them in the 64-bit folder alone.
set(CMAKE_C_FLAGS_INIT "-m32 -idirafter /usr/include/x86_64-linux-gnu")
vvs_sysroot(i386)
