// What the operations of a mount count. metrics.cc has the names and meanings; requests are counted in RequestMetrics.
#pragma once

#include "fs/kernel/request_metrics.h"

namespace npyfs {

struct Counters {
  Counter bytes_read = 0;
  Counter bytes_written = 0;  // generated headers included
  Counter failed_writes = 0;  // failed writes and syncs: bytes that may be lost
  Counter source_errors = 0;  // reads that failed because of the source
  Counter errors = 0;  // failures that are worth a warning or an error in the log, whether or not it has the line
};

}  // namespace npyfs
