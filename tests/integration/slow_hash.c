/* Preloaded (LD_PRELOAD) into a process, it makes SHA-256 slow: 16 KiB take 2 ms of a processor more. Only for tests. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <time.h>

enum { EXTRA_NANOSECONDS = 2000000 };

static long long worked(void) {
  struct timespec spent;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return spent.tv_sec * 1000000000LL + spent.tv_nsec;
}

static void work(void) {
  const long long end = worked() + EXTRA_NANOSECONDS;
  while (worked() < end) {
  }
}

/* OpenSSL. */
int EVP_DigestUpdate(void* context, const void* data, size_t bytes) {
  static int (*real)(void*, const void*, size_t);
  if (real == NULL) *(void**)&real = dlsym(RTLD_NEXT, "EVP_DigestUpdate");
  if (bytes >= 16384) work();
  return real(context, data, bytes);
}

#if __has_include(<intel-ipsec-mb.h>)
#include <intel-ipsec-mb.h>

static submit_job_t real_submit;

static IMB_JOB* slow_submit(IMB_MGR* manager) {
  work();
  return real_submit(manager);
}

#define SLOW(init)                                      \
  void init(IMB_MGR* manager) {                         \
    void (*real)(IMB_MGR*);                             \
    *(void**)&real = dlsym(RTLD_NEXT, #init);           \
    real(manager);                                      \
    real_submit = manager->submit_job;                  \
    manager->submit_job = slow_submit;                  \
  }

SLOW(init_mb_mgr_avx2)
SLOW(init_mb_mgr_sse)
SLOW(init_mb_mgr_avx512)
#endif
