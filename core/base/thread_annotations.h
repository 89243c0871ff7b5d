// Names for clang's thread-safety attributes. With clang, -Wthread-safety checks them at compile time; other compilers
// ignore them. See https://clang.llvm.org/docs/ThreadSafetyAnalysis.html for what each one means.
#pragma once

#if defined(__clang__)
#define NPYFS_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define NPYFS_THREAD_ATTRIBUTE(x)
#endif

// On a type that can be locked, and on a lock that is held until the end of its scope.
#define CAPABILITY(name) NPYFS_THREAD_ATTRIBUTE(capability(name))
#define SCOPED_CAPABILITY NPYFS_THREAD_ATTRIBUTE(scoped_lockable)

// On a member: it may be read and written only while that mutex is held.
#define GUARDED_BY(mutex) NPYFS_THREAD_ATTRIBUTE(guarded_by(mutex))
#define PT_GUARDED_BY(mutex) NPYFS_THREAD_ATTRIBUTE(pt_guarded_by(mutex))

// On a mutex: the order in which two mutexes are locked.
#define ACQUIRED_BEFORE(...) NPYFS_THREAD_ATTRIBUTE(acquired_before(__VA_ARGS__))
#define ACQUIRED_AFTER(...) NPYFS_THREAD_ATTRIBUTE(acquired_after(__VA_ARGS__))

// On a function: what its caller must hold, or must not hold.
#define REQUIRES(...) NPYFS_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define REQUIRES_SHARED(...) NPYFS_THREAD_ATTRIBUTE(requires_shared_capability(__VA_ARGS__))
#define EXCLUDES(...) NPYFS_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

// On a function that locks or unlocks.
#define ACQUIRE(...) NPYFS_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define ACQUIRE_SHARED(...) NPYFS_THREAD_ATTRIBUTE(acquire_shared_capability(__VA_ARGS__))
#define RELEASE(...) NPYFS_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define RELEASE_SHARED(...) NPYFS_THREAD_ATTRIBUTE(release_shared_capability(__VA_ARGS__))
#define RELEASE_GENERIC(...) NPYFS_THREAD_ATTRIBUTE(release_generic_capability(__VA_ARGS__))
#define TRY_ACQUIRE(...) NPYFS_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
