// What a test does in the middle of inotify_add_watch(2). Linking before_watching.cc with --wrap=inotify_add_watch puts
// it in the way.
#pragma once

#include <functional>

namespace npyfs {

// Called before each watch that is added, by whatever thread, which fails with the errno that is returned, if not 0.
// Empty but in a test that sets it and empties it again.
extern std::function<int()> before_watching;

}  // namespace npyfs
