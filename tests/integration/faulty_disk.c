/* A disk that fails: preloaded (LD_PRELOAD) into a process, it lets system calls on files below a folder go wrong.
 *
 * SHOAL_FAULTY_DISK names a plan, a text that may be replaced while the process runs. Its lines:
 *
 *   seed N                                    of the random choices
 *   fault FOLDER CALLS WHAT PROBABILITY       CALLS: "pwrite,fsync", or "all". WHAT: EIO, ENOSPC, EDQUOT, EROFS, short, or slow
 *   clock SECONDS                             the date is shifted by this
 *   log FILE FOLDER                           what is overwritten below FOLDER is kept in FILE, and so are all syncs
 *
 * From the log faulty_disk.py takes back what was not synced, as a power failure does. Only for tests.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { SHORT = -1, SLOW = -2, SLOW_MICROSECONDS = 50000, FAULTS_MAX = 32, PLAN_BYTES_MAX = 16384 };

struct fault {
  char folder[PATH_MAX];
  char calls[128];
  int error; /* SHORT, SLOW, or of errno */
  double probability;
};

struct plan {
  struct fault faults[FAULTS_MAX];
  int fault_count;
  long clock_shift;
  char log[PATH_MAX];
  char log_folder[PATH_MAX];
};

static struct plan current;
static struct timespec plan_changed;
static ino_t plan_inode;
static int log_file = -1;
static uint64_t random_state = 88172645463325252ULL;
static uint64_t log_sequence;
static pthread_mutex_t plan_mutex = PTHREAD_MUTEX_INITIALIZER;
/* Shared: a write that is logged and under way. Exclusive: no write is under way. */
static pthread_rwlock_t log_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;
static __thread int inside; /* our own calls are not watched */

static int error_of(const char* name) {
  if (strcmp(name, "EIO") == 0) return EIO;
  if (strcmp(name, "ENOSPC") == 0) return ENOSPC;
  if (strcmp(name, "EDQUOT") == 0) return EDQUOT;
  if (strcmp(name, "EROFS") == 0) return EROFS;
  return strcmp(name, "slow") == 0 ? SLOW : SHORT;
}

static void read_line(struct plan* to, char* line) {
  char what[16];
  unsigned long seed;
  struct fault one;
  if (sscanf(line, "seed %lu", &seed) == 1) {
    random_state = seed * 2654435761ULL + 88172645463325252ULL;
  } else if (sscanf(line, "clock %ld", &to->clock_shift) == 1) {
  } else if (sscanf(line, "log %4095s %4095s", to->log, to->log_folder) == 2) {
  } else if (sscanf(line, "fault %4095s %127s %15s %lf", one.folder, one.calls, what, &one.probability) == 4 &&
             to->fault_count < FAULTS_MAX) {
    one.error = error_of(what);
    to->faults[to->fault_count++] = one;
  }
}

/* Needs plan_mutex. */
static void look_at_plan(void) {
  const char* path = getenv("SHOAL_FAULTY_DISK");
  struct stat status;
  if (path == NULL || stat(path, &status) != 0) return;
  if (status.st_ino == plan_inode && status.st_mtim.tv_sec == plan_changed.tv_sec &&
      status.st_mtim.tv_nsec == plan_changed.tv_nsec) {
    return;
  }
  plan_inode = status.st_ino;
  plan_changed = status.st_mtim;
  static char text[PLAN_BYTES_MAX];
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  const long got = syscall(SYS_read, file, text, sizeof text - 1);
  close(file);
  text[got > 0 ? got : 0] = 0;
  static struct plan next;
  memset(&next, 0, sizeof next);
  char* rest = NULL;
  for (char* line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    read_line(&next, line);
  }
  current = next;
  if (current.log[0] != 0 && log_file < 0) {
    log_file = open(current.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  }
}

/* The file is below the folder. */
static int is_below(int descriptor, const char* folder) {
  char link[64];
  char path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t got = readlink(link, path, sizeof path - 1);
  if (got <= 0) return 0;
  path[got] = 0;
  const size_t length = strlen(folder);
  return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static double draw(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (double)(random_state >> 11) / 9007199254740992.0;
}

static int names(const char* calls, const char* call) {
  if (strcmp(calls, "all") == 0) return 1;
  const size_t length = strlen(call);
  for (const char* at = strstr(calls, call); at != NULL; at = strstr(at + 1, call)) {
    if ((at == calls || at[-1] == ',') && (at[length] == 0 || at[length] == ',')) return 1;
  }
  return 0;
}

/* 0: nothing goes wrong, SHORT, or the error. Waits if the call is to be slow. Sets `logged` if the log wants to know of it. */
static int outcome_of(int descriptor, const char* call, int* logged) {
  if (inside) return 0;
  const int saved = errno;
  int outcome = 0;
  int slow = 0;
  inside = 1;
  pthread_mutex_lock(&plan_mutex);
  look_at_plan();
  for (int i = 0; i < current.fault_count && outcome == 0; ++i) {
    const struct fault* one = &current.faults[i];
    if (!names(one->calls, call) || !is_below(descriptor, one->folder)) continue;
    if (draw() >= one->probability) continue;
    if (one->error == SLOW) {
      slow = 1;
    } else {
      outcome = one->error;
    }
  }
  if (logged != NULL) *logged = log_file >= 0 && is_below(descriptor, current.log_folder);
  pthread_mutex_unlock(&plan_mutex);
  inside = 0;
  if (slow) usleep(SLOW_MICROSECONDS);
  errno = saved;
  return outcome;
}

#define REAL(name)                                    \
  static __typeof__(&name) real;                      \
  if (real == NULL) *(void**)&real = dlsym(RTLD_NEXT, #name)

#define FAIL_IF_PLANNED(descriptor, call)                       \
  const int outcome = outcome_of(descriptor, call, NULL);       \
  if (outcome > 0) {                                            \
    errno = outcome;                                            \
    return -1;                                                  \
  }

static size_t shortened(int outcome, size_t bytes) {
  return outcome < 0 && bytes > 1 ? bytes / 2 : bytes;
}

/* One record of the log: this, and then `old_bytes` bytes that were there before. */
struct record {
  uint64_t sequence; /* of a sync: all writes before this one are on the disk */
  uint64_t inode;
  uint64_t offset;
  uint64_t bytes; /* 0: a sync; of all files if the inode is 0 */
  uint64_t old_bytes;
  uint64_t old_size;
};

static void append(const struct record* one, const void* old) {
  struct iovec parts[2] = {{(void*)one, sizeof *one}, {(void*)old, one->old_bytes}};
  if (syscall(SYS_writev, log_file, parts, old == NULL ? 1 : 2) < 0) abort();
}

/* Keeps what a write is about to replace. */
static void log_write(int descriptor, size_t bytes, off_t offset) {
  struct stat status;
  void* old = malloc(bytes + 1);
  if (old == NULL || fstat(descriptor, &status) != 0) abort();
  const long got = syscall(SYS_pread64, descriptor, old, bytes, offset);
  struct record one = {0, status.st_ino, (uint64_t)offset, bytes, got > 0 ? (uint64_t)got : 0, (uint64_t)status.st_size};
  pthread_mutex_lock(&log_mutex);
  one.sequence = log_sequence++;
  append(&one, old);
  pthread_mutex_unlock(&log_mutex);
  free(old);
}

static uint64_t sequence_now(void) {
  pthread_rwlock_wrlock(&log_lock);
  const uint64_t now = log_sequence;
  pthread_rwlock_unlock(&log_lock);
  return now;
}

static void log_sync(uint64_t inode, uint64_t before) {
  const struct record one = {before, inode, 0, 0, 0, 0};
  pthread_mutex_lock(&log_mutex);
  append(&one, NULL);
  pthread_mutex_unlock(&log_mutex);
}

ssize_t pwrite(int descriptor, const void* data, size_t bytes, off_t offset) {
  int logged = 0;
  const int outcome = outcome_of(descriptor, "pwrite", &logged);
  if (outcome > 0) {
    errno = outcome;
    return -1;
  }
  bytes = shortened(outcome, bytes);
  if (!logged) return syscall(SYS_pwrite64, descriptor, data, bytes, offset);
  pthread_rwlock_rdlock(&log_lock);
  log_write(descriptor, bytes, offset);
  const ssize_t put = syscall(SYS_pwrite64, descriptor, data, bytes, offset);
  pthread_rwlock_unlock(&log_lock);
  return put;
}

ssize_t pwrite64(int descriptor, const void* data, size_t bytes, off_t offset) {
  return pwrite(descriptor, data, bytes, offset);
}

ssize_t write(int descriptor, const void* data, size_t bytes) {
  FAIL_IF_PLANNED(descriptor, "write");
  return syscall(SYS_write, descriptor, data, shortened(outcome, bytes));
}

ssize_t pread(int descriptor, void* to, size_t bytes, off_t offset) {
  FAIL_IF_PLANNED(descriptor, "pread");
  return syscall(SYS_pread64, descriptor, to, shortened(outcome, bytes), offset);
}

ssize_t pread64(int descriptor, void* to, size_t bytes, off_t offset) {
  return pread(descriptor, to, bytes, offset);
}

ssize_t preadv2(int descriptor, const struct iovec* to, int count, off_t offset, int flags) {
  FAIL_IF_PLANNED(descriptor, "pread");
  REAL(preadv2);
  return real(descriptor, to, count, offset, flags);
}

ssize_t sendfile(int to, int from, off_t* offset, size_t bytes) {
  FAIL_IF_PLANNED(from, "sendfile");
  return syscall(SYS_sendfile, to, from, offset, shortened(outcome, bytes));
}

ssize_t sendfile64(int to, int from, off_t* offset, size_t bytes) {
  return sendfile(to, from, offset, bytes);
}

static int sync_logged(int descriptor, const char* call, int (*real)(int), int all) {
  int logged = 0;
  const int outcome = outcome_of(descriptor, call, &logged);
  if (outcome > 0) {
    errno = outcome;
    return -1;
  }
  const uint64_t before = logged ? sequence_now() : 0;
  const int done = real(descriptor);
  struct stat status;
  if (logged && done == 0 && fstat(descriptor, &status) == 0) log_sync(all ? 0 : status.st_ino, before);
  return done;
}

int fsync(int descriptor) {
  REAL(fsync);
  return sync_logged(descriptor, "fsync", real, 0);
}

int fdatasync(int descriptor) {
  REAL(fdatasync);
  return sync_logged(descriptor, "fdatasync", real, 0);
}

int syncfs(int descriptor) {
  REAL(syncfs);
  return sync_logged(descriptor, "syncfs", real, 1);
}

int ftruncate(int descriptor, off_t bytes) {
  FAIL_IF_PLANNED(descriptor, "ftruncate");
  return (int)syscall(SYS_ftruncate, descriptor, bytes);
}

int ftruncate64(int descriptor, off_t bytes) {
  return ftruncate(descriptor, bytes);
}

int fallocate(int descriptor, int mode, off_t offset, off_t bytes) {
  FAIL_IF_PLANNED(descriptor, "fallocate");
  return (int)syscall(SYS_fallocate, descriptor, mode, offset, bytes);
}

int fallocate64(int descriptor, int mode, off_t offset, off_t bytes) {
  return fallocate(descriptor, mode, offset, bytes);
}

int clock_gettime(clockid_t which, struct timespec* to) {
  REAL(clock_gettime);
  const int done = real(which, to);
  if (done != 0 || which != CLOCK_REALTIME || inside) return done;
  inside = 1;
  pthread_mutex_lock(&plan_mutex);
  look_at_plan();
  to->tv_sec += current.clock_shift;
  pthread_mutex_unlock(&plan_mutex);
  inside = 0;
  return 0;
}
