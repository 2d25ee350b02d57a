#include <string.h>

#include "CNeural.h"
#include "clones.h"

#define INLINE static inline __attribute__((always_inline))

// Exponential function of floats by S. L. Moshier (Cephes): 2^n times a polynomial; no branches, so that loops become
// vector code. Relative error below 2 units in the last place.
INLINE float exponential(float x) {
  x = x > 88.0f ? 88.0f : x;
  x = x < -87.0f ? -87.0f : x;
  // Adding and taking away 1.5 · 2^23 rounds to an integer.
  const float magic = 12582912.0f;
  float shifted = x * 1.44269504f + magic;
  float whole = shifted - magic;
  float rest = x - whole * 0.693359375f;
  rest = rest + whole * 2.12194440e-4f;
  float sum = 1.9875691500e-4f;
  sum = sum * rest + 1.3981999507e-3f;
  sum = sum * rest + 8.3334519073e-3f;
  sum = sum * rest + 4.1665795894e-2f;
  sum = sum * rest + 1.6666665459e-1f;
  sum = sum * rest + 5.0000001201e-1f;
  sum = sum * rest * rest + rest + 1.0f;
  int32_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  bits = (bits - 0x4b400000 + 127) << 23;
  float scale;
  memcpy(&scale, &bits, sizeof scale);
  return sum * scale;
}

INLINE float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

// Near zero, where 1 - 2 / (e^2x + 1) cancels, Cephes's polynomial.
INLINE float hyperbolic_tangent(float x) {
  float far = 1.0f - 2.0f / (exponential(2.0f * x) + 1.0f);
  float z = x * x;
  float near = -5.70498872745e-3f;
  near = near * z + 2.06390887954e-2f;
  near = near * z - 5.37397155531e-2f;
  near = near * z + 1.33314422036e-1f;
  near = near * z - 3.33332819422e-1f;
  near = near * z * x + x;
  return z < 0.390625f ? near : far;
}

CLONES void neural_sigmoid(size_t count, const float *in, float *out) {
  for (size_t index = 0; index < count; index++) out[index] = sigmoid(in[index]);
}

CLONES void neural_tanh(size_t count, const float *in, float *out) {
  for (size_t index = 0; index < count; index++) out[index] = hyperbolic_tangent(in[index]);
}

CLONES void neural_lstm_forward(int batch, int hidden, float *gates, const float *cell_before, float *cell,
                                float *cell_tanh, float *output) {
  for (int row = 0; row < batch; row++) {
    float *restrict in = gates + (size_t)row * 4 * hidden;
    float *restrict forget = in + hidden;
    float *restrict candidate = forget + hidden;
    float *restrict out = candidate + hidden;
    size_t offset = (size_t)row * hidden;
    float *restrict now = cell + offset;
    float *restrict squashed = cell_tanh + offset;
    float *restrict result = output + offset;
    for (int index = 0; index < hidden; index++) {
      in[index] = sigmoid(in[index]);
      forget[index] = sigmoid(forget[index]);
      candidate[index] = hyperbolic_tangent(candidate[index]);
      out[index] = sigmoid(out[index]);
    }
    if (cell_before) {
      const float *restrict before = cell_before + offset;
      for (int index = 0; index < hidden; index++)
        now[index] = forget[index] * before[index] + in[index] * candidate[index];
    } else {
      for (int index = 0; index < hidden; index++) now[index] = in[index] * candidate[index];
    }
    for (int index = 0; index < hidden; index++) {
      squashed[index] = hyperbolic_tangent(now[index]);
      result[index] = out[index] * squashed[index];
    }
  }
}

CLONES void neural_lstm_backward(int batch, int hidden, float *gates, const float *cell_before, const float *cell_tanh,
                                 const float *output_gradient, float *cell_gradient) {
  for (int row = 0; row < batch; row++) {
    float *restrict in = gates + (size_t)row * 4 * hidden;
    float *restrict forget = in + hidden;
    float *restrict candidate = forget + hidden;
    float *restrict out = candidate + hidden;
    size_t offset = (size_t)row * hidden;
    const float *restrict squashed = cell_tanh + offset;
    const float *restrict wanted = output_gradient + offset;
    float *restrict later = cell_gradient + offset;
    if (cell_before) {
      const float *restrict before = cell_before + offset;
      for (int index = 0; index < hidden; index++) {
        float i = in[index], f = forget[index], g = candidate[index], o = out[index], t = squashed[index];
        float cell = later[index] + wanted[index] * o * (1 - t * t);
        out[index] = wanted[index] * t * o * (1 - o);
        in[index] = cell * g * i * (1 - i);
        candidate[index] = cell * i * (1 - g * g);
        forget[index] = cell * before[index] * f * (1 - f);
        later[index] = cell * f;
      }
    } else {
      for (int index = 0; index < hidden; index++) {
        float i = in[index], g = candidate[index], o = out[index], t = squashed[index];
        float cell = later[index] + wanted[index] * o * (1 - t * t);
        out[index] = wanted[index] * t * o * (1 - o);
        in[index] = cell * g * i * (1 - i);
        candidate[index] = cell * i * (1 - g * g);
        forget[index] = 0;
        later[index] = 0;
      }
    }
  }
}

// Two rounds of multiply and xorshift scatter the position (C. Wellons, "Prospecting for hash functions", 2018).
CLONES void neural_dropout(size_t count, const float *in, float *out, float share, uint32_t seed) {
  uint32_t limit = (uint32_t)(share * 16777216.0f);
  float scale = 1.0f / (1.0f - share);
  for (size_t index = 0; index < count; index++) {
    uint32_t x = (uint32_t)index ^ seed;
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    x ^= x >> 16;
    out[index] = (x >> 8) < limit ? 0.0f : in[index] * scale;
  }
}

CLONES void neural_adam(size_t count, float *restrict weights, const float *restrict gradients, float gradient_scale,
                        float *restrict mean, float *restrict square, float rate, float epsilon) {
  for (size_t index = 0; index < count; index++) {
    float gradient = gradients[index] * gradient_scale;
    mean[index] = 0.9f * mean[index] + 0.1f * gradient;
    square[index] = 0.999f * square[index] + 0.001f * gradient * gradient;
    weights[index] -= rate * mean[index] / (__builtin_elementwise_sqrt(square[index]) + epsilon);
  }
}

CLONES void neural_column_sums(int rows, int columns, const float *restrict matrix, float *restrict sums) {
  memset(sums, 0, (size_t)columns * sizeof(float));
  for (int row = 0; row < rows; row++) {
    const float *restrict values = matrix + (size_t)row * columns;
    for (int column = 0; column < columns; column++) sums[column] += values[column];
  }
}

// Eight sums side by side, always the same ones.
CLONES double neural_dot(size_t count, const double *restrict left, const double *restrict right) {
  enum { lanes = 8 };
  double partial[lanes] = {0};
  size_t index = 0;
  for (; index + lanes <= count; index += lanes)
    for (int lane = 0; lane < lanes; lane++) partial[lane] += left[index + lane] * right[index + lane];
  double sum = 0;
  for (; index < count; index++) sum += left[index] * right[index];
  for (int lane = 0; lane < lanes; lane++) sum += partial[lane];
  return sum;
}

void neural_fill_rows(int rows, int columns, const float *row, float *matrix) {
  for (int index = 0; index < rows; index++)
    memcpy(matrix + (size_t)index * columns, row, (size_t)columns * sizeof(float));
}
