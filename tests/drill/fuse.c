/* Loaded before libc, it counts the calls by which a process changes files or speaks to others, and burns at one of them.

   `kill` ends the process before the call, `torn` in the midst of a write; `full` finds the disk full from the call on, `once` at
   this call alone. Files are what descriptors above 2 lead to; a burnt call is named on the descriptor `tell`. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { KILL = 1, TORN, FULL, ONCE };
enum { CHANGES = 1, TAKES_SPACE = 2, SPEAKS = 4 }; /* kinds of calls; what takes space also changes files */

static atomic_long seen;
static long burn_at;
static int manner, counted, tell = -1;

void fuse_arm(int kinds, long at, int how, int descriptor) {
    seen = 0;
    burn_at = at;
    counted = kinds;
    tell = descriptor;
    manner = how;
}

long fuse_seen(void) { return seen; }

static void say(const char *name) {
    if (tell >= 0) syscall(SYS_write, tell, name, strlen(name));
}

/* Whether this call fails as on a full disk; a kill does not return. */
static int burns(int kind, const char *name) {
    if (!(kind & counted)) return 0;
    long number = ++seen;
    if (!burn_at || number < burn_at || (manner != FULL && number > burn_at)) return 0;
    if (number == burn_at) say(name);
    if (manner == KILL || manner == TORN) raise(SIGKILL);
    if (!(kind & TAKES_SPACE)) return 0;
    errno = ENOSPC;
    return 1;
}

static int kind_of(int fd) {
    struct stat about;
    if (!counted || fd <= 2 || fd == tell || fstat(fd, &about)) return 0;
    return S_ISREG(about.st_mode) ? CHANGES | TAKES_SPACE : S_ISSOCK(about.st_mode) ? SPEAKS : 0;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name);
#define GUARDED(kind, name, takes, gives) \
    int name takes { \
        REAL(int, name, TYPES(takes)) \
        return burns(kind, #name) ? -1 : real gives; \
    }
#define TYPES(takes) UNWRAP takes
#define UNWRAP(...) __VA_ARGS__

/* Half of a write reaches the file: before a kill, or before the disk is full. */
#define HALF(fd, call) \
    if ((manner == TORN || manner == FULL) && (kind & counted) && seen + 1 == burn_at && size > 1) { \
        ssize_t half = call; \
        if (manner == TORN) { burns(kind, "half a write"); } \
        if (manner == FULL) { ++seen; say("half a write"); return half; } \
    }

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, write, int, const void *, size_t)
    int kind = kind_of(fd);
    HALF(fd, real(fd, data, size / 2))
    return burns(kind, kind == SPEAKS ? "write to a connection" : "write") ? -1 : real(fd, data, size);
}

#define PWRITE(name, offset) \
    ssize_t name(int fd, const void *data, size_t size, offset at) { \
        REAL(ssize_t, name, int, const void *, size_t, offset) \
        int kind = kind_of(fd); \
        HALF(fd, real(fd, data, size / 2, at)) \
        return burns(kind, "pwrite") ? -1 : real(fd, data, size, at); \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t writev(int fd, const struct iovec *some, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int)
    return burns(kind_of(fd), "writev") ? -1 : real(fd, some, count);
}

ssize_t sendfile(int to, int from, off_t *at, size_t size) {
    REAL(ssize_t, sendfile, int, int, off_t *, size_t)
    return burns(kind_of(to), "sendfile") ? -1 : real(to, from, at, size);
}

ssize_t sendfile64(int to, int from, off64_t *at, size_t size) {
    REAL(ssize_t, sendfile64, int, int, off64_t *, size_t)
    return burns(kind_of(to), "sendfile") ? -1 : real(to, from, at, size);
}

ssize_t copy_file_range(int from, off64_t *at, int to, off64_t *there, size_t size, unsigned flags) {
    REAL(ssize_t, copy_file_range, int, off64_t *, int, off64_t *, size_t, unsigned)
    return burns(kind_of(to), "copy_file_range") ? -1 : real(from, at, to, there, size, flags);
}

GUARDED(kind_of(fd), fsync, (int fd), (fd))
GUARDED(kind_of(fd), fdatasync, (int fd), (fd))
GUARDED(kind_of(fd), ftruncate, (int fd, off_t size), (fd, size))
GUARDED(kind_of(fd), ftruncate64, (int fd, off64_t size), (fd, size))
GUARDED(CHANGES | TAKES_SPACE, mkdir, (const char *path, mode_t mode), (path, mode))
GUARDED(CHANGES | TAKES_SPACE, mkdirat, (int at, const char *path, mode_t mode), (at, path, mode))
GUARDED(CHANGES | TAKES_SPACE, link, (const char *old, const char *path), (old, path))
GUARDED(CHANGES | TAKES_SPACE, symlink, (const char *old, const char *path), (old, path))
GUARDED(CHANGES | TAKES_SPACE, rename, (const char *old, const char *path), (old, path))
GUARDED(CHANGES | TAKES_SPACE, renameat, (int at, const char *old, int to, const char *path), (at, old, to, path))
GUARDED(CHANGES, unlink, (const char *path), (path))
GUARDED(CHANGES, unlinkat, (int at, const char *path, int flags), (at, path, flags))
GUARDED(CHANGES, rmdir, (const char *path), (path))
GUARDED(CHANGES, chmod, (const char *path, mode_t mode), (path, mode))
GUARDED(kind_of(fd) & SPEAKS, connect, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))

ssize_t send(int fd, const void *data, size_t size, int flags) {
    REAL(ssize_t, send, int, const void *, size_t, int)
    return burns(kind_of(fd) & SPEAKS, "send") ? -1 : real(fd, data, size, flags);
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *to, socklen_t length) {
    REAL(ssize_t, sendto, int, const void *, size_t, int, const struct sockaddr *, socklen_t)
    return burns(kind_of(fd) & SPEAKS, "sendto") ? -1 : real(fd, data, size, flags, to, length);
}

ssize_t recv(int fd, void *data, size_t size, int flags) {
    REAL(ssize_t, recv, int, void *, size_t, int)
    return burns(kind_of(fd) & SPEAKS, "recv") ? -1 : real(fd, data, size, flags);
}

#define MADE(flags) ((flags) & O_CREAT ? CHANGES | TAKES_SPACE : 0)
#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        REAL(int, name, const char *, int, ...) \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = va_arg(more, mode_t); \
        va_end(more); \
        return burns(MADE(flags), "open") ? -1 : real(path, flags, mode); \
    }
#define OPENS_AT(name) \
    int name(int at, const char *path, int flags, ...) { \
        REAL(int, name, int, const char *, int, ...) \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = va_arg(more, mode_t); \
        va_end(more); \
        return burns(MADE(flags), "open") ? -1 : real(at, path, flags, mode); \
    }
OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)
