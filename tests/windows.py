"""Import every module of the package with the names hidden that Windows lacks: `python -m tests.windows`.

They are hidden from the package alone, since its libraries know their system. Prints each module that was imported.
"""

import builtins
import importlib
import pkgutil
from types import ModuleType

PACKAGE = "lexer_pipeline"
MODULES = frozenset({"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"})
NAMES = {
    "os": frozenset({
        "EX_OK", "EX_USAGE", "O_ASYNC", "O_CLOEXEC", "O_DIRECT", "O_DIRECTORY", "O_DSYNC", "O_NOFOLLOW", "O_NONBLOCK",
        "O_SYNC", "O_TMPFILE", "WNOHANG", "chown", "confstr", "copy_file_range", "fchdir", "fchown", "fdatasync", "fork",
        "fstatvfs", "geteuid", "getgid", "getloadavg", "getpgid", "getuid", "killpg", "lchown", "lockf", "memfd_create",
        "mkfifo", "mknod", "nice", "openpty", "pipe2", "posix_fadvise", "posix_fallocate", "posix_spawn", "pread",
        "preadv", "pwrite", "pwritev", "readv", "register_at_fork", "sched_getaffinity", "sched_yield", "sendfile",
        "setpgid", "setpriority", "setsid", "statvfs", "sync", "sysconf", "uname", "wait", "wait4", "waitid", "writev",
    }),
    "select": frozenset({"POLLERR", "POLLHUP", "POLLIN", "POLLOUT", "POLLRDHUP", "epoll", "kqueue", "poll"}),
    "signal": frozenset({
        "SIGALRM", "SIGCHLD", "SIGCONT", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGTSTP", "SIGUSR1",
        "SIGUSR2", "SIGWINCH", "SIGXFSZ", "alarm", "pause", "pthread_kill", "pthread_sigmask", "setitimer", "sigwait",
    }),
    "socket": frozenset({"AF_UNIX", "MSG_DONTWAIT", "MSG_NOSIGNAL", "SO_REUSEPORT"}),
    "time": frozenset({"CLOCK_MONOTONIC", "CLOCK_REALTIME", "clock_gettime", "tzset"}),
}  # fmt: skip


def poorer(module: ModuleType) -> ModuleType:
    """The module as Windows has it."""
    found = ModuleType(module.__name__)
    hidden = NAMES[module.__name__]
    found.__dict__.update({name: value for name, value in vars(module).items() if name not in hidden})
    return found


def main() -> None:
    """Import all of them."""
    import_any = builtins.__import__
    instead = {name: poorer(importlib.import_module(name)) for name in NAMES}

    def import_as_windows_does(name, globals=None, locals=None, fromlist=(), level=0):
        if str((globals or {}).get("__name__")).split(".")[0] == PACKAGE:
            if name.split(".")[0] in MODULES:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            if name in instead:
                return instead[name]
        return import_any(name, globals, locals, fromlist, level)

    builtins.__import__ = import_as_windows_does
    package = importlib.import_module(PACKAGE)
    for one in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
        importlib.import_module(one.name)
        print(one.name)


if __name__ == "__main__":
    main()
