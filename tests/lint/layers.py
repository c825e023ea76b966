"""The tables that the lint holds the source to: who may include whom, and where each third-party header lives.

The one place for both. The order of LAYERS is the order of the layers, lowest first; the root CMakeLists.txt builds in it.
"""

LAYERS = {
    "base": [],
    "metrics": ["base"],
    "data": ["base"],
    "sql": ["data", "base"],
    "config": ["base"],
    "formats": ["data", "config", "base"],
    "storage": ["base"],
    "state": ["data", "metrics", "base"],
    "steps": ["sql", "state", "data", "config", "metrics", "base"],
    "delta": ["data", "sql", "storage", "base"],
    "connectors": ["formats", "delta", "storage", "sql", "data", "config", "metrics", "base"],
    "pipeline": ["steps", "connectors", "state", "sql", "formats", "data", "config", "metrics", "base"],
    "supervisor": ["config", "metrics", "base"],
    "cli": ["base", "metrics", "data", "sql", "config", "formats", "storage", "state", "steps", "delta", "connectors",
            "pipeline", "supervisor"],
}

# Prefix of the header -> the folders that may include it. ".cc" stands for every .cc file.
THIRD_PARTY = {
    "tl/expected.hpp": ["base"],
    "spdlog/": ["base"],
    "fmt/": ["base", ".cc"],
    "xxhash.h": ["base", ".cc"],
    "nlohmann/": ["base/json.h"],
    "prometheus/": ["metrics"],
    "duckdb.h": ["data", "sql", "formats"],  # formats: decoders write straight into DuckDB's vectors
    "yaml-cpp/": ["config"],
    "simdjson.h": ["formats"],
    "re2/": ["formats"],
    "curl/": ["storage"],
    "openssl/": ["storage"],
    "rocksdb/": ["state"],
    "librdkafka/": ["connectors"],
    "libpq-fe.h": ["connectors"],
    "boost/": ["supervisor"],
    "CLI/": ["cli"],
    "generated/pipelines.h": ["cli"],
    "generated/version.h": ["cli"],
}

# A header that may be included only from .cc files, although its folder is an allowed one.
CC_ONLY = {"base/json.h"}
CC_ONLY_EXCEPT = {
    "src/sql/ast.h",  # the parser's trees are Json; only .cc files of sql/ include these two
    "src/sql/evaluation_order.h",
}

# Headers of C and of the system that have a dot or a slash in their name; those of C++ have none.
SYSTEM = {
    "arpa/inet.h", "dirent.h", "dlfcn.h", "elf.h", "endian.h", "errno.h", "execinfo.h", "fcntl.h", "grp.h", "ifaddrs.h",
    "limits.h", "link.h", "linux/fs.h", "linux/openat2.h", "locale.h", "malloc.h", "net/if.h", "netdb.h", "netinet/in.h",
    "netinet/tcp.h", "poll.h", "pthread.h", "pwd.h", "sched.h", "signal.h", "stdint.h", "stdio.h", "stdlib.h", "string.h",
    "sys/epoll.h", "sys/eventfd.h", "sys/file.h", "sys/inotify.h", "sys/ioctl.h", "sys/mman.h", "sys/prctl.h",
    "sys/random.h", "sys/resource.h", "sys/signalfd.h", "sys/socket.h", "sys/stat.h", "sys/statvfs.h", "sys/syscall.h",
    "sys/sysinfo.h", "sys/time.h", "sys/timerfd.h", "sys/types.h", "sys/uio.h", "sys/un.h", "sys/utsname.h", "sys/wait.h",
    "sys/xattr.h", "syslog.h", "termios.h", "time.h", "unistd.h",
}

# Time, files and randomness come only through base, so that a test can stand in for them. Regular expression -> what to
# use; a line that has to do it all the same ends with `// lint: ambient, REASON`.
AMBIENT = {
    r"\b(system|steady|high_resolution)_clock::now\b": "the Clock of base/clock.h",
    r"\brandom_device\b|\b(s?rand|arc4random|getrandom)\(": "base/uuid.h, or a seeded generator",
    r"\b(clock_gettime|gettimeofday)\(|\btime\((0|NULL|nullptr)\)": "the Clock of base/clock.h",
    r"\bsleep_(for|until)\b|(?<![.>:])\bu?sleep\(": "the Clock of base/clock.h",
    r"\bstd::[io]?fstream\b|\bf(re)?open\(": "the FileSystem of base/file_system.h",
    r"\bstd::filesystem::(?!path\b)": "the FileSystem of base/file_system.h",
}

# Names that say nothing about what a file holds.
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "stuff"}

LINES_MAX = 600
README_LINES_MAX = 60

# The shared libraries that `weir` itself may ask for (DT_NEEDED, without version). All else is linked in.
SHARED_LIBRARIES = {
    "libssl", "libcrypto", "libcurl", "libz", "libzstd", "liblz4", "libsnappy", "libbz2", "libfmt", "libyaml-cpp",
    "libsimdjson", "libprometheus-cpp-core", "libxxhash", "libpq",
    "libre2",
    "libstdc++", "libm", "libgcc_s", "libc", "ld-linux-x86-64", "ld-linux-aarch64",
}
