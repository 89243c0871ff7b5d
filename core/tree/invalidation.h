// Which nodes a change in the source concerns.
//
// The client is notified to ask for the attributes of these nodes again, and nothing else. For a file that has changed
// it then gets kStale, and looks the name up again.
//
// Names and pages are not invalidated. A notice about a name waits for lookups in that directory that are being served:
// if npyfs were killed while it waits, the waiting thread could not end, and nobody would answer those lookups. Cached
// pages need no notice: a node stands for one version of its source, so a changed file has another node with pages of
// its own, and if the version does not tell, the next open drops the pages (see Tree::invalidate_changed()). Dropping
// pages could also lose what a process has stored into a mapping.
#pragma once

#include <functional>

#include "core/tree/nodes.h"
#include "core/watch/source_watch.h"

namespace npyfs {

// Calls `notify` for each node whose attributes may have changed, until it returns false. No lock is held during the
// call, so other threads may add and remove nodes.
void invalidate_changed(const Nodes& nodes, const SourceChanges& changes, const std::function<bool(NodeId)>& notify);

}  // namespace npyfs
