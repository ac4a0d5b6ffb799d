#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
# Builds all fuzz targets as OSS-Fuzz and ClusterFuzzLite ask for it: compilers, flags and engine are theirs.
# CMake takes CC, CXX, CFLAGS and CXXFLAGS from the environment, but only once, and a service builds several
# times in one $WORK.
build=$WORK/vsock-anvil
rm -rf "$build"

cmake -S "$SRC/vsock-anvil" -B "$build" -DVVS_OBSERVE=ON -DVVS_WERROR=OFF \
    -DVVS_ENGINE="$FUZZING_ENGINE" -DVVS_ENGINE_GIVEN="$LIB_FUZZING_ENGINE"
cmake --build "$build" -j "$(nproc)"
cmake --install "$build" --prefix "$OUT"
