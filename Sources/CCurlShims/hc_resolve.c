#include "hc_resolve.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <string.h>

int hc_resolve_services(const char *name, unsigned char *answer, int capacity) {
  struct __res_state state;
  memset(&state, 0, sizeof state);
  if (res_ninit(&state) != 0) return -2;
  state.retrans = 3;
  state.retry = 2;
  int length = res_nsearch(&state, name, ns_c_in, ns_t_srv, answer, capacity);
  int error = state.res_h_errno;
  res_nclose(&state);
  if (length < 0) return error == HOST_NOT_FOUND || error == NO_DATA ? -1 : -2;
  return length < capacity ? length : capacity;
}
