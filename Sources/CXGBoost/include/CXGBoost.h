// A narrow door to libxgboost, opened when it is first needed: a sidecar that trains no trees neither maps the
// library nor needs it installed. All functions return 0 on success; `boosting_error` then says nothing new.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef void *boosting_model;

// Whether libxgboost is there and has the functions that are needed.
int boosting_is_available(void);

// What went wrong last on this thread.
const char *boosting_error(void);

// Trains `rounds` rounds on a row-major matrix (NaN = missing). Settings are pairs of the library's parameter names
// and values.
int boosting_train(const float *features, uint64_t rows, uint64_t columns, const float *targets,
                   const char *const *names, const char *const *values, int settings, int rounds,
                   boosting_model *model);

// One value for each row.
int boosting_predict(boosting_model model, const float *features, uint64_t rows, uint64_t columns, float *results);

// The gain of each column, added up over all splits; zero for columns never split at.
int boosting_gain(boosting_model model, float *gains, uint64_t columns);

// The model's bytes, valid until the next call with the model.
int boosting_save(boosting_model model, const char **bytes, uint64_t *count);

int boosting_load(const char *bytes, uint64_t count, boosting_model *model);

void boosting_free(boosting_model model);
