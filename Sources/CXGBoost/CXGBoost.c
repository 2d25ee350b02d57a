#include "CXGBoost.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void *handle;

// The library's C interface, as its documentation gives it.
static struct {
  const char *(*last_error)(void);
  int (*matrix)(const float *, uint64_t, uint64_t, float, handle *);
  int (*matrix_info)(handle, const char *, const float *, uint64_t);
  int (*matrix_free)(handle);
  int (*create)(const handle *, uint64_t, handle *);
  int (*free)(handle);
  int (*set)(handle, const char *, const char *);
  int (*update)(handle, int, handle);
  int (*predict)(handle, handle, int, unsigned, int, uint64_t *, const float **);
  int (*save)(handle, const char *, uint64_t *, const char **);
  int (*load)(handle, const void *, uint64_t);
  int (*score)(handle, const char *, uint64_t *, const char ***, uint64_t *, const uint64_t **, const float **);
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int is_loaded;
static _Thread_local char message[512];

static void *find(void *file, const char *name, int *missing) {
  void *symbol = dlsym(file, name);
  if (!symbol) *missing = 1;
  return symbol;
}

static void load_library(void) {
  static const char *const names[] = {"libxgboost.so.0", "libxgboost.so", NULL};
  void *file = NULL;
  for (int index = 0; !file && names[index]; index++) file = dlopen(names[index], RTLD_NOW | RTLD_LOCAL);
  if (!file) return;
  int missing = 0;
  library.last_error = (const char *(*)(void))find(file, "XGBGetLastError", &missing);
  library.matrix = (int (*)(const float *, uint64_t, uint64_t, float, handle *))find(file, "XGDMatrixCreateFromMat", &missing);
  library.matrix_info =
      (int (*)(handle, const char *, const float *, uint64_t))find(file, "XGDMatrixSetFloatInfo", &missing);
  library.matrix_free = (int (*)(handle))find(file, "XGDMatrixFree", &missing);
  library.create = (int (*)(const handle *, uint64_t, handle *))find(file, "XGBoosterCreate", &missing);
  library.free = (int (*)(handle))find(file, "XGBoosterFree", &missing);
  library.set = (int (*)(handle, const char *, const char *))find(file, "XGBoosterSetParam", &missing);
  library.update = (int (*)(handle, int, handle))find(file, "XGBoosterUpdateOneIter", &missing);
  library.predict =
      (int (*)(handle, handle, int, unsigned, int, uint64_t *, const float **))find(file, "XGBoosterPredict", &missing);
  library.save =
      (int (*)(handle, const char *, uint64_t *, const char **))find(file, "XGBoosterSaveModelToBuffer", &missing);
  library.load = (int (*)(handle, const void *, uint64_t))find(file, "XGBoosterLoadModelFromBuffer", &missing);
  library.score = (int (*)(handle, const char *, uint64_t *, const char ***, uint64_t *, const uint64_t **,
                           const float **))find(file, "XGBoosterFeatureScore", &missing);
  is_loaded = !missing;
}

int boosting_is_available(void) {
  pthread_once(&once, load_library);
  return is_loaded;
}

const char *boosting_error(void) { return message; }

static int fail(const char *reason) {
  snprintf(message, sizeof message, "%s", reason);
  for (char *byte = message; *byte; byte++) {
    if (*byte == '\n') *byte = ' ';
  }
  return 1;
}

static int ready(void) { return boosting_is_available() ? 0 : fail("libxgboost is not installed"); }

static int check(int status) { return status == 0 ? 0 : fail(library.last_error()); }

int boosting_train(const float *features, uint64_t rows, uint64_t columns, const float *targets,
                   const char *const *names, const char *const *values, int settings, int rounds,
                   boosting_model *model) {
  if (ready()) return 1;
  handle matrix = NULL;
  handle booster = NULL;
  int failed = check(library.matrix(features, rows, columns, __builtin_nanf(""), &matrix)) ||
               check(library.matrix_info(matrix, "label", targets, rows)) ||
               check(library.create(&matrix, 1, &booster));
  for (int index = 0; !failed && index < settings; index++) {
    failed = check(library.set(booster, names[index], values[index]));
  }
  for (int round = 0; !failed && round < rounds; round++) failed = check(library.update(booster, round, matrix));
  if (matrix) library.matrix_free(matrix);
  if (failed) {
    if (booster) library.free(booster);
    return 1;
  }
  *model = booster;
  return 0;
}

int boosting_predict(boosting_model model, const float *features, uint64_t rows, uint64_t columns, float *results) {
  if (ready()) return 1;
  handle matrix = NULL;
  if (check(library.matrix(features, rows, columns, __builtin_nanf(""), &matrix))) return 1;
  uint64_t count = 0;
  const float *found = NULL;
  int failed = check(library.predict(model, matrix, 0, 0, 0, &count, &found));
  if (!failed && count != rows) failed = fail("the library answered with another number of rows");
  if (!failed) memcpy(results, found, rows * sizeof(float));
  library.matrix_free(matrix);
  return failed;
}

int boosting_gain(boosting_model model, float *gains, uint64_t columns) {
  if (ready()) return 1;
  for (uint64_t column = 0; column < columns; column++) gains[column] = 0;
  uint64_t count = 0;
  uint64_t dimensions = 0;
  const char **names = NULL;
  const uint64_t *shape = NULL;
  const float *scores = NULL;
  if (check(library.score(model, "{\"importance_type\":\"total_gain\"}", &count, &names, &dimensions, &shape, &scores)))
    return 1;
  for (uint64_t index = 0; index < count; index++) {
    // Columns without names are called f0, f1, ….
    if (names[index][0] != 'f') continue;
    unsigned long long column = strtoull(names[index] + 1, NULL, 10);
    if (column < columns) gains[column] = scores[index];
  }
  return 0;
}

int boosting_save(boosting_model model, const char **bytes, uint64_t *count) {
  if (ready()) return 1;
  return check(library.save(model, "{\"format\":\"ubj\"}", count, bytes));
}

int boosting_load(const char *bytes, uint64_t count, boosting_model *model) {
  if (ready()) return 1;
  handle booster = NULL;
  if (check(library.create(NULL, 0, &booster))) return 1;
  if (check(library.load(booster, bytes, count))) {
    library.free(booster);
    return 1;
  }
  *model = booster;
  return 0;
}

void boosting_free(boosting_model model) {
  if (model && boosting_is_available()) library.free(model);
}
