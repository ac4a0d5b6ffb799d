#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
# install.sh BUILD COMPILER: install the build, then use it as a monitor's author would: by find_package,
# static and shared, by pkg-config, from C++; and see that the shared library exports what headers declare.
set -euo pipefail
build=$1 compiler=$2
here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
scratch=$(mktemp -d)
trap 'rm -rf -- "$scratch"' EXIT
fail() { echo "install: $*"; exit 1; }

cmake --install "$build" --prefix "$scratch/prefix" >"$scratch/log"
cat >"$scratch/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.22)
project(consumer C)
find_package(vvs 0.1 REQUIRED)
add_executable(consumer $here/../example/monitor.c main.c)
target_include_directories(consumer PRIVATE $here/../example)
target_link_libraries(consumer PRIVATE vvs::vvs)
CMAKE
cat >"$scratch/main.c" <<'C'
#include "monitor.h"
#include <vvs/observe.h>
#include <string.h>
int main(void)
{
    return strcmp(vvs_status_name(VVS_E_LOOP), "VVS_E_LOOP");
}
C
for shared in OFF ON; do
    cmake -S "$scratch" -B "$scratch/$shared" -G Ninja -DCMAKE_C_COMPILER="$compiler" \
        -DCMAKE_PREFIX_PATH="$scratch/prefix" -DBUILD_SHARED_LIBS=$shared >"$scratch/log" || fail "$(cat "$scratch/log")"
    cmake --build "$scratch/$shared" >"$scratch/log" || fail "$(cat "$scratch/log")"
    "$scratch/$shared/consumer" || fail "the consumer fails, shared $shared"
done
readelf -d "$scratch/ON/consumer" | grep -q 'NEEDED.*libvvs\.so\.0\]' || fail "not linked to libvvs.so.0"

export PKG_CONFIG_PATH
PKG_CONFIG_PATH=$(dirname -- "$(find "$scratch/prefix" -name vvs.pc)")
# The flags are words on purpose.
# shellcheck disable=SC2046
"$compiler" -I"$here/../example" "$scratch/main.c" "$here/../example/monitor.c" \
    $(pkg-config --cflags --libs vvs) -o "$scratch/by-pkg-config"
[ "$(pkg-config --modversion vvs)" = 0.1.0 ] || fail "pkg-config names another version"

if echo | "$compiler" -x c++ -fsyntax-only - 2>"$scratch/log"; then
    printf '#include <vvs/vvs.h>\n#include <vvs/observe.h>\n' >"$scratch/all.cc"
    "$compiler" -x c++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only -I"$scratch/prefix/include" "$scratch/all.cc"
else
    echo "install: no C++ compiler, so the headers were not tried from C++"
fi

library=$(find "$scratch/prefix" -name 'libvvs.so')
nm -D --defined-only "$library" | awk '{print $3}' | sort >"$scratch/exported"
"$compiler" -E -P -I"$scratch/prefix/include" "$scratch/prefix/include/vvs/vvs.h" |
    grep -o '\bvvs_[a-z0-9_]*(' | tr -d '(' | sort -u >"$scratch/declared"
diff "$scratch/declared" "$scratch/exported" || fail "declared (<) and exported (>) differ"
echo "install: $(wc -l <"$scratch/exported") functions exported, as declared"
