#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "CNeural.h"
#include "clones.h"

enum { row_major = 101, plain = 111, transposed = 112 };

static struct {
  void (*sgemm)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
  void (*set_threads)(int);
} library;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int is_loaded;

static void load_library(void) {
  static const char *const names[] = {"libopenblas.so.0", "libopenblas.so", NULL};
  void *file = NULL;
  for (int index = 0; !file && names[index]; index++) file = dlopen(names[index], RTLD_NOW | RTLD_LOCAL);
  if (!file) return;
  library.sgemm = (void (*)(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *,
                            int))dlsym(file, "cblas_sgemm");
  library.set_threads = (void (*)(int))dlsym(file, "openblas_set_num_threads");
  if (!library.sgemm || !library.set_threads) return;
  // More threads would add up in another order, and take cores that belong to the broker.
  library.set_threads(1);
  is_loaded = 1;
}

int neural_has_blas(void) {
  pthread_once(&once, load_library);
  return is_loaded;
}

// A row of c gathers multiples of whole rows of b, a block of b at a time that stays in the cache.
CLONES static void multiply_rows(int transpose_a, int m, int n, int k, const float *restrict a,
                                 const float *restrict b, float *restrict c) {
  enum { block = 64 };
  for (int first = 0; first < k; first += block) {
    int last = first + block < k ? first + block : k;
    for (int row = 0; row < m; row++) {
      float *restrict sums = c + (size_t)row * n;
      for (int index = first; index < last; index++) {
        float factor = transpose_a ? a[(size_t)index * m + row] : a[(size_t)row * k + index];
        const float *restrict other = b + (size_t)index * n;
        for (int column = 0; column < n; column++) sums[column] += factor * other[column];
      }
    }
  }
}

// Both operands lie along k: sums of products, sixteen side by side.
CLONES static void multiply_dots(int transpose_a, int m, int n, int k, const float *restrict a,
                                 const float *restrict b, float *restrict c) {
  enum { lanes = 16 };
  for (int row = 0; row < m; row++) {
    for (int column = 0; column < n; column++) {
      const float *restrict other = b + (size_t)column * k;
      float partial[lanes] = {0};
      float sum = 0;
      int index = 0;
      if (!transpose_a) {
        const float *restrict own = a + (size_t)row * k;
        for (; index + lanes <= k; index += lanes)
          for (int lane = 0; lane < lanes; lane++) partial[lane] += own[index + lane] * other[index + lane];
      }
      for (; index < k; index++) sum += (transpose_a ? a[(size_t)index * m + row] : a[(size_t)row * k + index]) * other[index];
      for (int lane = 0; lane < lanes; lane++) sum += partial[lane];
      c[(size_t)row * n + column] += sum;
    }
  }
}

void neural_multiply(int use_blas, int transpose_a, int transpose_b, int m, int n, int k, const float *a,
                     const float *b, float beta, float *c) {
  if (m <= 0 || n <= 0) return;
  if (use_blas && neural_has_blas()) {
    library.sgemm(row_major, transpose_a ? transposed : plain, transpose_b ? transposed : plain, m, n, k, 1, a,
                  transpose_a ? m : k, b, transpose_b ? k : n, beta, c, n);
    return;
  }
  size_t count = (size_t)m * n;
  if (beta == 0) {
    memset(c, 0, count * sizeof(float));
  } else if (beta != 1) {
    for (size_t index = 0; index < count; index++) c[index] *= beta;
  }
  if (transpose_b) {
    multiply_dots(transpose_a, m, n, k, a, b, c);
  } else {
    multiply_rows(transpose_a, m, n, k, a, b, c);
  }
}
