/* Loaded into user-mode Linux 6.1 on processors with AMX, whose registers are more than it has room for.

It saves the registers that it has room for, and would restore those alone; but Linux refuses to set a part of them. So
what it restores is put on top of what is there. AMX stays off in a guest, so nothing is lost.
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <linux/ptrace.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>

typedef long function(long, pid_t, void *, void *);

static char all_registers[1 << 16] __attribute__((aligned(64))); /* a kernel's stack is too small */

long ptrace(long request, pid_t process, void *address, void *data) {
  static function *of_libc;
  if (!of_libc) of_libc = (function *)dlsym(RTLD_NEXT, "ptrace");
  if (request == PTRACE_SETREGSET && address == (void *)NT_X86_XSTATE) {
    struct iovec *given = data, all = {all_registers, sizeof all_registers};
    if (of_libc(PTRACE_GETREGSET, process, address, &all) == 0 && all.iov_len > given->iov_len) {
      memcpy(all_registers, given->iov_base, given->iov_len);
      return of_libc(request, process, address, &all);
    }
  }
  return of_libc(request, process, address, data);
}
