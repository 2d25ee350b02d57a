#include "hc_curl.h"

CURLcode hc_easy_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}

CURLcode hc_easy_set_size(CURL *easy, CURLoption option, int64_t value) {
  return curl_easy_setopt(easy, option, (curl_off_t)value);
}

CURLcode hc_easy_set_string(CURL *easy, CURLoption option, const char *value) {
  return curl_easy_setopt(easy, option, value);
}

CURLcode hc_easy_set_pointer(CURL *easy, CURLoption option, void *value) {
  return curl_easy_setopt(easy, option, value);
}

CURLcode hc_easy_set_callback(CURL *easy, CURLoption option, hc_data_callback callback) {
  return curl_easy_setopt(easy, option, callback);
}

CURLcode hc_easy_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t count) {
  struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
  return curl_easy_setopt(easy, option, &blob);
}

CURLcode hc_easy_set_quick_exit(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075700
  return curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#else
  (void)easy;
  return CURLE_OK;
#endif
}

long hc_easy_get_long(CURL *easy, CURLINFO info) {
  long value = 0;
  curl_easy_getinfo(easy, info, &value);
  return value;
}

double hc_easy_get_double(CURL *easy, CURLINFO info) {
  double value = 0;
  curl_easy_getinfo(easy, info, &value);
  return value;
}

void *hc_easy_get_private(CURL *easy) {
  char *value = NULL;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &value);
  return value;
}

CURLMcode hc_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}

int hc_replace_host(const char *url, const char *host, char **replaced, char **origin_host, char **port) {
  int failed = 1;
  *replaced = *origin_host = *port = NULL;
  CURLU *parts = curl_url();
  if (parts == NULL) return failed;
  if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_HOST, origin_host, 0) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_PORT, port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
      curl_url_set(parts, CURLUPART_HOST, host, 0) == CURLUE_OK &&
      curl_url_get(parts, CURLUPART_URL, replaced, 0) == CURLUE_OK) {
    failed = 0;
  }
  curl_url_cleanup(parts);
  return failed;
}
