/* Preloaded into a program (LD_PRELOAD), writes down what it does to the files below one directory, so that power_loss.py
 * can take back all that was not synced when the program was killed.
 *
 *   WEIR_POWERLOSS_DIR      the watched directory: absolute, without symbolic links
 *   WEIR_POWERLOSS_JOURNAL  the journal's directory: on the same file system, outside the watched one
 *
 * The journal is text, one event a line, appended whole by one write(2); names are escaped (%09, %0A, %25). A change of names
 * is noted twice: before it is tried, with what the name stood for (so that nothing is missed if the kill falls in between),
 * and after it succeeded. Bytes that a change destroys (overwritten, cut off) are saved first, in files named undo-N;
 * a file that would lose its last name gets one in the journal's directory, ino-N. Appended bytes need no note: the file's
 * length at its last sync says what is durable.
 *
 *   N <dir> <name> <inode>    a name is about to change; inode 0: there is none. <dir> is the directory's inode
 *   E <dir> <name> <inode>    a name stands for this inode now; 0: it is gone
 *   F <inode> <size>          a file that was there is opened for writing; C <inode>: one was made
 *   W <inode> <offset> <undo> bytes are about to be replaced; undo-N holds the old ones
 *   s <tid> <inode> <size>    a sync of a file begins;      S <tid> <inode>  it succeeded
 *   d <tid> <dir>             a sync of a directory begins; D <tid> <dir>    it succeeded
 *
 * Not followed: mmap'ed writes, O_SYNC, truncate(2). stdio's writes are seen by the length at a sync. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { fds_max = 65536 };

static char watched[PATH_MAX];
static char journal_dir[PATH_MAX];
static int journal_fd = -1;
static atomic_uint undo_number;
static atomic_char is_watched[fds_max];

#define REAL(name) real_##name
#define DECLARE_REAL(type, name, ...) static type (*REAL(name))(__VA_ARGS__)
DECLARE_REAL(int, openat, int, const char*, int, ...);
DECLARE_REAL(ssize_t, write, int, const void*, size_t);
DECLARE_REAL(ssize_t, pwrite, int, const void*, size_t, off_t);
DECLARE_REAL(ssize_t, writev, int, const struct iovec*, int);
DECLARE_REAL(ssize_t, pwritev, int, const struct iovec*, int, off_t);
DECLARE_REAL(int, ftruncate, int, off_t);
DECLARE_REAL(int, fsync, int);
DECLARE_REAL(int, fdatasync, int);
DECLARE_REAL(int, close, int);
DECLARE_REAL(int, renameat2, int, const char*, int, const char*, unsigned);
DECLARE_REAL(int, linkat, int, const char*, int, const char*, int);
DECLARE_REAL(int, unlinkat, int, const char*, int);
DECLARE_REAL(int, mkdirat, int, const char*, mode_t);
DECLARE_REAL(FILE*, fopen, const char*, const char*);

static void broken(const char* what) {
  fprintf(stderr, "power loss journal: %s: %s\n", what, strerror(errno));
  _exit(99);
}

static void find_real(void* slot, const char* name) {
  void* found = dlsym(RTLD_NEXT, name);
  if (!found) broken(name);
  memcpy(slot, &found, sizeof found);
}

__attribute__((constructor)) static void start(void) {
  if (journal_fd >= 0) return;
  find_real(&REAL(openat), "openat");
  find_real(&REAL(write), "write");
  find_real(&REAL(pwrite), "pwrite");
  find_real(&REAL(writev), "writev");
  find_real(&REAL(pwritev), "pwritev");
  find_real(&REAL(ftruncate), "ftruncate");
  find_real(&REAL(fsync), "fsync");
  find_real(&REAL(fdatasync), "fdatasync");
  find_real(&REAL(close), "close");
  find_real(&REAL(renameat2), "renameat2");
  find_real(&REAL(linkat), "linkat");
  find_real(&REAL(unlinkat), "unlinkat");
  find_real(&REAL(mkdirat), "mkdirat");
  find_real(&REAL(fopen), "fopen");
  const char* dir = getenv("WEIR_POWERLOSS_DIR");
  const char* journal = getenv("WEIR_POWERLOSS_JOURNAL");
  if (!dir || !journal) return;
  snprintf(watched, sizeof watched, "%s", dir);
  snprintf(journal_dir, sizeof journal_dir, "%s", journal);
  char path[PATH_MAX + 16];
  snprintf(path, sizeof path, "%s/journal", journal_dir);
  journal_fd = REAL(openat)(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (journal_fd < 0) broken(path);
}

/* A call may come before our constructor ran: another library's constructor is at work. */
static void ready(void) {
  if (!REAL(fopen)) start();
}

static int watching(void) { return journal_fd >= 0; }

/* -- the journal --------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static void note(const char* format, ...) {
  char line[2 * PATH_MAX];
  va_list args;
  va_start(args, format);
  const int length = vsnprintf(line, sizeof line, format, args);
  va_end(args);
  if (REAL(write)(journal_fd, line, (size_t)length) != length) broken("journal");
}

static const char* escape(const char* text, char* out) {
  char* o = out;
  for (const char* c = text; *c; ++c) {
    if (*c == '\t' || *c == '\n' || *c == '%')
      o += sprintf(o, "%%%02X", (unsigned)*c);
    else
      *o++ = *c;
  }
  *o = 0;
  return out;
}

static int below(const char* path) {
  const size_t length = strlen(watched);
  return strncmp(path, watched, length) == 0 && (path[length] == '/' || path[length] == 0);
}

/* A name in a watched directory. */
struct place {
  int inside;
  ino_t dir_inode;
  char dir[PATH_MAX];
  char name[NAME_MAX + 1];
};

static struct place place_of(int at, const char* path) {
  struct place p = {0};
  char full[2 * PATH_MAX];
  if (path[0] == '/') {
    snprintf(full, sizeof full, "%s", path);
  } else {
    char base[PATH_MAX] = "";
    if (at == AT_FDCWD) {
      if (!getcwd(base, sizeof base)) return p;
    } else {
      char link[64];
      snprintf(link, sizeof link, "/proc/self/fd/%d", at);
      const ssize_t n = readlink(link, base, sizeof base - 1);
      if (n < 0) return p;
      base[n] = 0;
    }
    snprintf(full, sizeof full, "%s/%s", base, path);
  }
  size_t end = strlen(full);
  while (end > 1 && full[end - 1] == '/') full[--end] = 0;
  char* slash = strrchr(full, '/');
  snprintf(p.name, sizeof p.name, "%s", slash + 1);
  *slash = 0;
  struct stat st;
  p.inside = realpath(*full ? full : "/", p.dir) != NULL && below(p.dir) && stat(p.dir, &st) == 0;
  if (p.inside) p.dir_inode = st.st_ino;
  return p;
}

static ino_t inode_at(const struct place* p, struct stat* st) {
  char path[PATH_MAX + NAME_MAX + 2];
  snprintf(path, sizeof path, "%s/%s", p->dir, p->name);
  return lstat(path, st) == 0 ? st->st_ino : 0;
}

/* The name is about to change. What it stands for now must not vanish with it, nor its inode's number be used again: a
 * file gets a name in the journal's directory, a directory is held open until the program ends. */
static void note_name_before(const struct place* p, int may_lose) {
  if (!p->inside) return;
  struct stat st;
  const ino_t inode = inode_at(p, &st);
  if (may_lose && inode && S_ISREG(st.st_mode)) {
    char from[PATH_MAX + NAME_MAX + 2], to[PATH_MAX + 32];
    snprintf(from, sizeof from, "%s/%s", p->dir, p->name);
    snprintf(to, sizeof to, "%s/ino-%lu", journal_dir, (unsigned long)inode);
    if (REAL(linkat)(AT_FDCWD, from, AT_FDCWD, to, 0) != 0 && errno != EEXIST && errno != ENOENT) broken(to);
  } else if (may_lose && inode && S_ISDIR(st.st_mode)) {
    char path[PATH_MAX + NAME_MAX + 2];
    snprintf(path, sizeof path, "%s/%s", p->dir, p->name);
    REAL(openat)(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  }
  char name[3 * NAME_MAX + 3];
  note("N\t%lu\t%s\t%lu\n", (unsigned long)p->dir_inode, escape(p->name, name), (unsigned long)inode);
}

static void note_name_after(const struct place* p) {
  if (!p->inside) return;
  struct stat st;
  char name[3 * NAME_MAX + 3];
  note("E\t%lu\t%s\t%lu\n", (unsigned long)p->dir_inode, escape(p->name, name), (unsigned long)inode_at(p, &st));
}

/* -- bytes --------------------------------------------------------------------------------------------------------- */

static int fd_watched(int fd) { return watching() && fd >= 0 && fd < fds_max && is_watched[fd]; }

/* Bytes [begin, end) of the file are about to go: keep them. */
static void save_bytes(int fd, off_t begin, off_t end) {
  struct stat st;
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return;
  if (end > st.st_size) end = st.st_size;
  if (begin >= end) return;
  char self[64], path[PATH_MAX + 32];
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd);      /* fd may be open for writing only */
  const int from = REAL(openat)(AT_FDCWD, self, O_RDONLY | O_CLOEXEC);
  const unsigned number = atomic_fetch_add(&undo_number, 1);
  snprintf(path, sizeof path, "%s/undo-%d-%u", journal_dir, getpid(), number);
  const int to = REAL(openat)(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (from < 0 || to < 0) broken(path);
  char block[65536];
  for (off_t at = begin; at < end;) {
    const size_t want = (size_t)(end - at) < sizeof block ? (size_t)(end - at) : sizeof block;
    const ssize_t got = pread(from, block, want, at);
    if (got <= 0) break;
    if (REAL(write)(to, block, (size_t)got) != got) broken(path);
    at += got;
  }
  REAL(close)(from);
  REAL(close)(to);
  note("W\t%lu\t%ld\tundo-%d-%u\n", (unsigned long)st.st_ino, (long)begin, getpid(), number);
}

static void before_write(int fd, size_t size, off_t offset) {
  if (!fd_watched(fd)) return;
  if (offset < 0) {
    if (fcntl(fd, F_GETFL) & O_APPEND) return;
    offset = lseek(fd, 0, SEEK_CUR);
    if (offset < 0) return;
  }
  save_bytes(fd, offset, offset + (off_t)size);
}

static size_t total(const struct iovec* parts, int count) {
  size_t sum = 0;
  for (int i = 0; i < count; ++i) sum += parts[i].iov_len;
  return sum;
}

ssize_t write(int fd, const void* data, size_t size) {
  ready();
  before_write(fd, size, -1);
  return REAL(write)(fd, data, size);
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  ready();
  before_write(fd, size, offset);
  return REAL(pwrite)(fd, data, size, offset);
}
ssize_t pwrite64(int fd, const void* data, size_t size, off_t offset) { return pwrite(fd, data, size, offset); }
ssize_t writev(int fd, const struct iovec* parts, int count) {
  ready();
  before_write(fd, total(parts, count), -1);
  return REAL(writev)(fd, parts, count);
}
ssize_t pwritev(int fd, const struct iovec* parts, int count, off_t offset) {
  ready();
  before_write(fd, total(parts, count), offset);
  return REAL(pwritev)(fd, parts, count, offset);
}
ssize_t pwritev64(int fd, const struct iovec* parts, int count, off_t offset) { return pwritev(fd, parts, count, offset); }

int ftruncate(int fd, off_t size) {
  ready();
  if (fd_watched(fd)) save_bytes(fd, size, LONG_MAX);
  return REAL(ftruncate)(fd, size);
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

static int sync_with(int (*sync)(int), int fd) {
  char link[64], path[PATH_MAX];
  struct stat st;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t n = watching() ? readlink(link, path, sizeof path - 1) : -1;
  if (n < 0) return sync(fd);
  path[n] = 0;
  if (!below(path) || fstat(fd, &st) != 0) return sync(fd);
  const long tid = syscall(SYS_gettid);
  const int is_dir = S_ISDIR(st.st_mode);
  if (is_dir)
    note("d\t%ld\t%lu\n", tid, (unsigned long)st.st_ino);
  else
    note("s\t%ld\t%lu\t%ld\n", tid, (unsigned long)st.st_ino, (long)st.st_size);
  const int result = sync(fd);
  if (result != 0) return result;
  if (is_dir)
    note("D\t%ld\t%lu\n", tid, (unsigned long)st.st_ino);
  else
    note("S\t%ld\t%lu\n", tid, (unsigned long)st.st_ino);
  return result;
}
int fsync(int fd) {
  ready();
  return sync_with(REAL(fsync), fd);
}
int fdatasync(int fd) {
  ready();
  return sync_with(REAL(fdatasync), fd);
}

int close(int fd) {
  ready();
  if (fd >= 0 && fd < fds_max) is_watched[fd] = 0;
  return REAL(close)(fd);
}

/* -- names --------------------------------------------------------------------------------------------------------- */

static int open_watched(int at, const char* path, int flags, mode_t mode) {
  ready();
  const int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
  if (!watching() || !writes) return REAL(openat)(at, path, flags, mode);
  const struct place p = place_of(at, path);
  if (!p.inside) return REAL(openat)(at, path, flags, mode);
  struct stat st;
  const int there = inode_at(&p, &st) != 0;
  if (!there) note_name_before(&p, 0);
  const int fd = REAL(openat)(at, path, flags & ~O_TRUNC, mode);
  if (fd < 0) return fd;
  if (fd < fds_max) is_watched[fd] = 1;
  fstat(fd, &st);
  if (there) {
    note("F\t%lu\t%ld\n", (unsigned long)st.st_ino, (long)st.st_size);
  } else {
    note("C\t%lu\n", (unsigned long)st.st_ino);
    note_name_after(&p);
  }
  if (flags & O_TRUNC) ftruncate(fd, 0);
  return fd;
}

static mode_t mode_of(int flags, va_list args) {
  return flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? (mode_t)va_arg(args, int) : 0;
}
#define OPEN(name, params, at, path)      \
  int name params {                       \
    va_list args;                         \
    va_start(args, flags);                \
    const mode_t mode = mode_of(flags, args); \
    va_end(args);                         \
    return open_watched(at, path, flags, mode); \
  }
OPEN(open, (const char* path, int flags, ...), AT_FDCWD, path)
OPEN(open64, (const char* path, int flags, ...), AT_FDCWD, path)
OPEN(openat, (int at, const char* path, int flags, ...), at, path)
OPEN(openat64, (int at, const char* path, int flags, ...), at, path)
/* What a fortified build calls instead, where no mode is given. */
int __open_2(const char* path, int flags) { return open_watched(AT_FDCWD, path, flags, 0); }
int __open64_2(const char* path, int flags) { return open_watched(AT_FDCWD, path, flags, 0); }
int __openat_2(int at, const char* path, int flags) { return open_watched(at, path, flags, 0); }
int __openat64_2(int at, const char* path, int flags) { return open_watched(at, path, flags, 0); }
int creat(const char* path, mode_t mode) { return open_watched(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char* path, mode_t mode) { return creat(path, mode); }

FILE* fopen(const char* path, const char* how) {
  ready();
  if (!watching() || (how[0] == 'r' && !strchr(how, '+'))) return REAL(fopen)(path, how);
  if (!place_of(AT_FDCWD, path).inside) return REAL(fopen)(path, how);
  const int access = strchr(how, '+') ? O_RDWR : O_WRONLY;
  const int make = how[0] == 'w' ? O_CREAT | O_TRUNC : how[0] == 'a' ? O_CREAT | O_APPEND : 0;
  const int fd = open_watched(AT_FDCWD, path, access | make | (strchr(how, 'e') ? O_CLOEXEC : 0), 0666);
  return fd < 0 ? NULL : fdopen(fd, how);
}
FILE* fopen64(const char* path, const char* how) { return fopen(path, how); }

int renameat2(int from_at, const char* from, int to_at, const char* to, unsigned flags) {
  ready();
  if (!watching()) return REAL(renameat2)(from_at, from, to_at, to, flags);
  const struct place a = place_of(from_at, from), b = place_of(to_at, to);
  note_name_before(&a, 1);
  note_name_before(&b, 1);
  const int result = REAL(renameat2)(from_at, from, to_at, to, flags);
  if (result == 0) {
    note_name_after(&b);
    note_name_after(&a);
  }
  return result;
}
int rename(const char* from, const char* to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_at, const char* from, int to_at, const char* to) { return renameat2(from_at, from, to_at, to, 0); }

int linkat(int from_at, const char* from, int to_at, const char* to, int flags) {
  ready();
  if (!watching()) return REAL(linkat)(from_at, from, to_at, to, flags);
  const struct place b = place_of(to_at, to);
  note_name_before(&b, 1);
  const int result = REAL(linkat)(from_at, from, to_at, to, flags);
  if (result == 0) note_name_after(&b);
  return result;
}
int link(const char* from, const char* to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int at, const char* path, int flags) {
  ready();
  if (!watching()) return REAL(unlinkat)(at, path, flags);
  const struct place p = place_of(at, path);
  note_name_before(&p, 1);
  const int result = REAL(unlinkat)(at, path, flags);
  if (result == 0) note_name_after(&p);
  return result;
}
int unlink(const char* path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char* path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char* path) {
  const int result = unlink(path);
  return result != 0 && (errno == EISDIR || errno == EPERM) ? rmdir(path) : result;
}

int mkdirat(int at, const char* path, mode_t mode) {
  ready();
  if (!watching()) return REAL(mkdirat)(at, path, mode);
  const struct place p = place_of(at, path);
  note_name_before(&p, 0);
  const int result = REAL(mkdirat)(at, path, mode);
  if (result == 0) note_name_after(&p);
  return result;
}
int mkdir(const char* path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
