#include "CLibSVM.h"

#include <dlfcn.h>
#include <libsvm/svm.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct harecast_svm {
  struct svm_model *model;
  struct svm_node *nodes;
  struct svm_node **rows;
  double *targets;
  int width;
};

static struct {
  struct svm_model *(*train)(const struct svm_problem *, const struct svm_parameter *);
  double (*predict)(const struct svm_model *, const struct svm_node *, double *);
  void (*release)(struct svm_model **);
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void silent(const char *text) { (void)text; }

static void load_library(void) {
  static const char *const names[] = {"libsvm.so.3", "libsvm.so.2", "libsvm.so", NULL};
  void *file = NULL;
  for (int index = 0; !file && names[index]; index++) file = dlopen(names[index], RTLD_NOW | RTLD_LOCAL);
  if (!file) return;
  void (*quiet)(void (*)(const char *)) = (void (*)(void (*)(const char *)))dlsym(file, "svm_set_print_string_function");
  if (quiet) quiet(silent);
  library.predict =
      (double (*)(const struct svm_model *, const struct svm_node *, double *))dlsym(file, "svm_predict_values");
  library.release = (void (*)(struct svm_model **))dlsym(file, "svm_free_and_destroy_model");
  if (!library.predict || !library.release) return;
  library.train = (struct svm_model * (*)(const struct svm_problem *, const struct svm_parameter *)) dlsym(file, "svm_train");
}

int harecast_svm_is_available(void) {
  pthread_once(&once, load_library);
  return library.train != NULL;
}

static void fill(struct svm_node *nodes, const double *row, int width) {
  for (int index = 0; index < width; index++) {
    nodes[index].index = index + 1;
    nodes[index].value = row[index];
  }
  nodes[width].index = -1;
  nodes[width].value = 0;
}

void harecast_svm_free(harecast_svm *model) {
  if (!model) return;
  if (model->model) library.release(&model->model);
  free(model->nodes);
  free(model->rows);
  free(model->targets);
  free(model);
}

harecast_svm *harecast_svm_train(const double *rows, int count, int width, double nu, double gamma) {
  if (!harecast_svm_is_available() || count < 1 || width < 1) return NULL;
  harecast_svm *result = calloc(1, sizeof *result);
  if (!result) return NULL;
  result->width = width;
  result->nodes = calloc((size_t)count * (size_t)(width + 1), sizeof *result->nodes);
  result->rows = calloc((size_t)count, sizeof *result->rows);
  result->targets = calloc((size_t)count, sizeof *result->targets);
  if (!result->nodes || !result->rows || !result->targets) {
    harecast_svm_free(result);
    return NULL;
  }
  for (int index = 0; index < count; index++) {
    result->rows[index] = result->nodes + (size_t)index * (size_t)(width + 1);
    result->targets[index] = 1;
    fill(result->rows[index], rows + (size_t)index * (size_t)width, width);
  }
  struct svm_problem problem = {.l = count, .y = result->targets, .x = result->rows};
  struct svm_parameter parameter;
  memset(&parameter, 0, sizeof parameter);
  parameter.svm_type = ONE_CLASS;
  parameter.kernel_type = RBF;
  parameter.gamma = gamma;
  parameter.nu = nu;
  parameter.cache_size = 4;
  parameter.eps = 1e-3;
  parameter.shrinking = 1;
  result->model = library.train(&problem, &parameter);
  if (!result->model) {
    harecast_svm_free(result);
    return NULL;
  }
  return result;
}

double harecast_svm_decision(const harecast_svm *model, const double *row) {
  struct svm_node nodes[model->width + 1];
  fill(nodes, row, model->width);
  double value = 0;
  library.predict(model->model, nodes, &value);
  return value;
}
