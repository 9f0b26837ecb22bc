/* Calls as the clients of file servers answer them, each if its variable is set:
   HP_FORGETFUL=DIR  what was missing below DIR stays so until the directory it is in is opened, as NFS does;
   HP_GONE=DIR       a directory that was removed is still known, and ESTALE, until it or its parent is opened;
   HP_PRECISION=NS   times of files are cut off, as sshfs (1 s) and FAT (2 s) do;
   HP_LOCAL_LOCKS=1  locks are seen on this client alone, as on sshfs and on NFS with local_lock. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REAL(name, type) ((type)dlsym(RTLD_NEXT, name))
typedef int (*stat_call)(const char *, struct stat *);
typedef int (*open_call)(const char *, int, ...);

static char missing[1000][PATH_MAX];
static int many, forgotten;

static void absolute(const char *path, char *whole) {
    char here[PATH_MAX];
    if (path[0] == '/') snprintf(whole, PATH_MAX, "%s", path);
    else snprintf(whole, PATH_MAX, "%.2000s/%.2000s", getcwd(here, sizeof here) ? here : "", path);
    size_t length = strlen(whole);
    if (length > 2 && !strcmp(whole + length - 2, "/.")) whole[length - 2] = 0;
}

static int is_in(const char *path, const char *folder) { /* at it or below */
    size_t length = strlen(folder);
    return !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

static int is_parent(const char *folder, const char *path) {
    const char *end = strrchr(path, '/');
    return end && (size_t)(end - path) == strlen(folder) && !strncmp(path, folder, end - path);
}

static int is_remembered(const char *whole) {
    for (int i = 0; i < many; i++) if (is_in(whole, missing[i])) return 1;
    return 0;
}

static void remember(char *whole) { /* the first of its directories that is missing */
    const char *server = getenv("HP_FORGETFUL");
    struct stat status;
    if (!server || !is_in(whole, server) || many == 1000) return;
    for (char *end = whole + strlen(server) + 1; (end = strchr(end, '/')); end++) {
        *end = 0;
        if (REAL("stat", stat_call)(whole, &status)) break;
        *end = '/';
    }
    strcpy(missing[many++], whole);
}

static void look_again(const char *folder) {
    const char *gone = getenv("HP_GONE");
    for (int i = many - 1; i >= 0; i--) if (is_parent(folder, missing[i])) strcpy(missing[i], missing[--many]);
    if (gone && (is_parent(folder, gone) || !strcmp(folder, gone))) forgotten = 1;
}

static int is_gone(const char *whole) {
    const char *gone = getenv("HP_GONE");
    return gone && !forgotten && is_in(whole, gone);
}

static int cut(int result, struct stat *status) {
    const char *precision = getenv("HP_PRECISION");
    if (result || !precision) return result;
    long long ns = status->st_mtim.tv_sec * 1000000000LL + status->st_mtim.tv_nsec;
    ns -= ns % atoll(precision);
    status->st_mtim.tv_sec = ns / 1000000000LL;
    status->st_mtim.tv_nsec = ns % 1000000000LL;
    return 0;
}

static int looked_up(const char *name, const char *path, struct stat *status) {
    char whole[PATH_MAX];
    absolute(path, whole);
    if (is_gone(whole) && strcmp(whole, getenv("HP_GONE"))) return errno = ESTALE, -1;
    if (is_gone(whole)) return REAL("stat", stat_call)("/", status);
    if (is_remembered(whole)) return errno = ENOENT, -1;
    int result = REAL(name, stat_call)(path, status);
    if (result && errno == ENOENT) remember(whole), errno = ENOENT;
    return cut(result, status);
}

int stat(const char *path, struct stat *status) { return looked_up("stat", path, status); }
int lstat(const char *path, struct stat *status) { return looked_up("lstat", path, status); }
int fstat(int file, struct stat *status) {
    return cut(((int (*)(int, struct stat *))dlsym(RTLD_NEXT, "fstat"))(file, status), status);
}
int fstatat(int folder, const char *path, struct stat *status, int flags) {
    if (folder == AT_FDCWD) return looked_up(flags & AT_SYMLINK_NOFOLLOW ? "lstat" : "stat", path, status);
    typedef int (*call)(int, const char *, struct stat *, int);
    return cut(REAL("fstatat", call)(folder, path, status, flags), status);
}

int stat64(const char *path, struct stat64 *status) { return looked_up("stat", path, (struct stat *)status); }
int lstat64(const char *path, struct stat64 *status) { return looked_up("lstat", path, (struct stat *)status); }
int fstat64(int file, struct stat64 *status) { return fstat(file, (struct stat *)status); }
int fstatat64(int folder, const char *path, struct stat64 *status, int flags) {
    return fstatat(folder, path, (struct stat *)status, flags);
}

int open(const char *path, int flags, ...) {
    char whole[PATH_MAX];
    va_list rest;
    va_start(rest, flags);
    int mode = va_arg(rest, int);
    va_end(rest);
    absolute(path, whole);
    if (is_gone(whole)) {
        if (flags & O_DIRECTORY && !(flags & O_WRONLY) && !(flags & O_RDWR)) look_again(whole);
        return errno = ESTALE, -1;
    }
    if (!(flags & O_CREAT) && is_remembered(whole)) return errno = ENOENT, -1;
    int file = REAL("open", open_call)(path, flags, mode);
    if (file < 0 && errno == ENOENT) remember(whole), errno = ENOENT;
    else if (flags & O_DIRECTORY && !(flags & O_RDWR)) look_again(whole);
    return file;
}
int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = va_arg(rest, int);
    va_end(rest);
    return open(path, flags, mode);
}

DIR *opendir(const char *path) {
    char whole[PATH_MAX];
    absolute(path, whole);
    if (is_gone(whole)) return look_again(whole), errno = ESTALE, NULL;
    if (is_remembered(whole)) return errno = ENOENT, NULL;
    look_again(whole);
    return REAL("opendir", DIR *(*)(const char *))(path);
}

int flock(int file, int operation) {
    return getenv("HP_LOCAL_LOCKS") ? 0 : (int)syscall(SYS_flock, file, operation);
}
