/* SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause */
/* All of the library but the observer. Start with memory.h, queue.h, then serve.h. */
#ifndef VVS_VVS_H
#define VVS_VVS_H

#include "chain.h"
#include "device.h"
#include "memory.h"
#include "packet.h"
#include "queue.h"
#include "serve.h"
#include "spec.h"
#include "status.h"

#endif
