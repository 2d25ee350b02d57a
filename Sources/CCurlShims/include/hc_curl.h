// Swift cannot call variadic C functions: these give libcurl's setters and getters fixed types.
#ifndef HC_CURL_H
#define HC_CURL_H

#include <curl/curl.h>
#include <stddef.h>
#include <stdint.h>

typedef size_t (*hc_data_callback)(char *data, size_t size, size_t count, void *context);

CURLcode hc_easy_set_long(CURL *easy, CURLoption option, long value);
CURLcode hc_easy_set_size(CURL *easy, CURLoption option, int64_t value);
CURLcode hc_easy_set_string(CURL *easy, CURLoption option, const char *value);
CURLcode hc_easy_set_pointer(CURL *easy, CURLoption option, void *value);
CURLcode hc_easy_set_callback(CURL *easy, CURLoption option, hc_data_callback callback);

// Copies the bytes into the handle, as a certificate or a key given in memory.
CURLcode hc_easy_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t count);

// Lets a handle be removed while its host name is still being resolved, without waiting for the
// resolver.
CURLcode hc_easy_set_quick_exit(CURL *easy);

long hc_easy_get_long(CURL *easy, CURLINFO info);
double hc_easy_get_double(CURL *easy, CURLINFO info);
void *hc_easy_get_private(CURL *easy);

CURLMcode hc_multi_set_long(CURLM *multi, CURLMoption option, long value);

// A URL with its host replaced, for a TLS server name that differs from the host, and the original
// host and port. Zero on success. Free all three with curl_free, also after a failure.
int hc_replace_host(const char *url, const char *host, char **replaced, char **origin_host, char **port);

#endif
