/* flock() as other file systems have it: none at all, with the error HP_FLOCK_ERRNO, or one that other hosts do not see,
   with HP_FLOCK_ERRNO=0, if each process stands for a host. Otherwise that of NFS, which gives no exclusive lock to a
   descriptor that only reads, and of file systems that say EACCES where a lock is taken. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

int flock(int descriptor, int operation) {
    const char *missing = getenv("HP_FLOCK_ERRNO");
    if (missing) {
        errno = atoi(missing);
        return errno ? -1 : 0;
    }
    if ((operation & LOCK_EX) && (fcntl(descriptor, F_GETFL) & O_ACCMODE) == O_RDONLY) {
        errno = EBADF;
        return -1;
    }
    int result = (int)syscall(SYS_flock, descriptor, operation);
    if (result && errno == EWOULDBLOCK) errno = EACCES;
    return result;
}
