// The arithmetic of neural networks on floats: matrix products by OpenBLAS, opened when they are first needed (a
// sidecar that trains no network neither maps the library nor needs it installed), and the element-wise work, compiled
// for several processors. Matrices are row-major and dense. Nothing here allocates.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Whether OpenBLAS is there. It is told to use one thread. Without it, products are computed by loops of our own.
int neural_has_blas(void);

// c (m × n) = a · b + beta · c, where a is m × k (k × m in memory if `transpose_a`) and b is k × n (n × k in memory if
// `transpose_b`). `use_blas` 0 takes our own loops.
void neural_multiply(int use_blas, int transpose_a, int transpose_b, int m, int n, int k, const float *a,
                     const float *b, float beta, float *c);

// One step of an LSTM for a batch: `gates` holds, row by row, the pre-activations of input gate, forget gate, candidate
// and output gate (hidden numbers each) and is overwritten with their activations. `cell_before` may be null (zeros).
void neural_lstm_forward(int batch, int hidden, float *gates, const float *cell_before, float *cell, float *cell_tanh,
                         float *output);

// The way back through one step: `gates` is overwritten with the gradients of the pre-activations; `cell_gradient`
// comes in as what later steps want of the cell and leaves as what this step wants of the one before.
void neural_lstm_backward(int batch, int hidden, float *gates, const float *cell_before, const float *cell_tanh,
                          const float *output_gradient, float *cell_gradient);

// out = in with a share of the numbers zeroed and the rest scaled up to make good for them. Which ones follows from the
// seed and the position alone, so that gradients find the same ones. `in` and `out` may be the same.
void neural_dropout(size_t count, const float *in, float *out, float share, uint32_t seed);

// One step of Adam; `rate` includes the corrections of the bias, gradients are scaled first.
void neural_adam(size_t count, float *weights, const float *gradients, float gradient_scale, float *mean,
                 float *square, float rate, float epsilon);

// sums[j] = the sum of column j.
void neural_column_sums(int rows, int columns, const float *matrix, float *sums);

// The sum of the products of two runs of doubles, which regressions use too.
double neural_dot(size_t count, const double *left, const double *right);

// Every row = `row`.
void neural_fill_rows(int rows, int columns, const float *row, float *matrix);

// out[i] = sigmoid(in[i]) or tanh(in[i]), as the steps compute them.
void neural_sigmoid(size_t count, const float *in, float *out);
void neural_tanh(size_t count, const float *in, float *out);
