#pragma once

// One-class support vector machines by libsvm, which is loaded when it is first used, so that a program runs without
// it as long as nobody asks for one.

typedef struct harecast_svm harecast_svm;

// Whether libsvm is installed.
int harecast_svm_is_available(void);

// Trains on `count` rows of `width` values with a radial kernel. NULL if libsvm is missing or memory is short.
harecast_svm *harecast_svm_train(const double *rows, int count, int width, double nu, double gamma);

// The decision value of a row; below zero is outside.
double harecast_svm_decision(const harecast_svm *model, const double *row);

void harecast_svm_free(harecast_svm *model);
