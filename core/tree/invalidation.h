// What the kernel knows that a change in the source concerns.
//
// It is told to ask for attributes anew, and for no more. Asked for those of a file that has changed, we say that it is
// stale, and it looks up the name. Names could be told, too, but a notice about one waits for those who look something
// up in its directory: if npyfs were killed meanwhile, the thread that waits could not end, and so nobody would tell
// these that there will be no answer. Pages need no telling, since a node stands for one version of its source, so that
// the pages of a changed file are those of another node, and where no version tells, the next open drops them (see
// Tree::invalidate_changed()); and dropping pages could lose what a writer has mapped.
#pragma once

#include <functional>

#include "core/tree/nodes.h"
#include "core/watch/source_watch.h"

namespace npyfs {

// Calls `tell` with each node that the kernel may know something of that holds no longer, until it returns false. No
// lock is held meanwhile. `nodes` may change.
void invalidate_changed(const Nodes& nodes, const SourceChanges& changes, const std::function<bool(NodeId)>& tell);

}  // namespace npyfs
