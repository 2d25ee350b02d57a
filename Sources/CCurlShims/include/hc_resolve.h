// Asks the system's resolver for service records.
#ifndef HC_RESOLVE_H
#define HC_RESOLVE_H

#include <stddef.h>

// The length of the answer's message in `answer`, or a negative number on failure: -1 no such name or no
// record, -2 no answer from the name servers.
int hc_resolve_services(const char *name, unsigned char *answer, int capacity);

#endif
