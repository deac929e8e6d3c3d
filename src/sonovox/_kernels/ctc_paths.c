/* The best path of connectionist temporal classification through the labels of a known transcript (Viterbi).

   States alternate: blank, first label, blank, second label, ..., blank. They are
   held apart, blanks[i] before labels[i], so that each loop is one of plain arrays. */
#include "kernels.h"

#include <math.h>

typedef struct {
    double *blanks, *labels;         /* best sums up to a frame; labels has one element before its first */
    double *new_blanks, *new_labels; /* up to the next frame */
    double *emitted, *jumps;         /* what each label scores there; 0 or minus infinity to leave the blank out */
    uint8_t *to_blank, *to_label;    /* (time, labels + 1): by how many states the best path got there */
} item;

WIDER static void step(item *v, int64_t low, int64_t high, double blank, uint8_t *restrict to_blank,
                 uint8_t *restrict to_label) {
    const double *restrict blanks = v->blanks, *restrict labels = v->labels, *restrict jumps = v->jumps;
    const double *restrict emitted = v->emitted;
    double *restrict new_blanks = v->new_blanks, *restrict new_labels = v->new_labels;
    for (int64_t i = low; i <= high; i++) {
        const double stay = blanks[i], move = labels[i - 1];
        to_blank[i] = move > stay;
        new_blanks[i] = (move > stay ? move : stay) + blank;
    }
    for (int64_t i = low; i < high; i++) {
        const double stay = labels[i], move = blanks[i], jump = labels[i - 1] + jumps[i];
        const double better = move > stay ? move : stay;
        to_label[i] = jump > better ? 2 : move > stay;
        new_labels[i] = (jump > better ? jump : better) + emitted[i];
    }
}

static void align(item *v, const void *scores, const int64_t *targets, int64_t *path, int64_t frames, int64_t n,
                  int64_t classes, int64_t blank, int is_double) {
#define SCORE(t, c) (is_double ? ((const double *)scores)[(t)*classes + (c)] : ((const float *)scores)[(t)*classes + (c)])
    for (int64_t i = 0; i <= n; i++) v->blanks[i] = v->labels[i - 1] = v->new_blanks[i] = v->new_labels[i - 1] = -INFINITY;
    for (int64_t i = 0; i < n; i++) v->jumps[i] = i && targets[i] != targets[i - 1] ? 0.0 : -INFINITY;
    v->blanks[0] = SCORE(0, blank);
    if (n) v->labels[0] = SCORE(0, targets[0]);
    for (int64_t t = 1; t < frames; t++) {
        /* Label i is reached in frame i at the earliest, and left early enough for those after it. */
        const int64_t high = t + 1 < n ? t + 1 : n, low = n - frames + t > 0 ? n - frames + t : 0;
        for (int64_t i = low; i < high; i++) v->emitted[i] = SCORE(t, targets[i]);
        step(v, low, high, SCORE(t, blank), v->to_blank + t * (n + 1), v->to_label + t * (n + 1));
        double *swap = v->blanks;
        v->blanks = v->new_blanks, v->new_blanks = swap;
        swap = v->labels, v->labels = v->new_labels, v->new_labels = swap;
    }
#undef SCORE
    int64_t state = n && v->labels[n - 1] >= v->blanks[n] ? 2 * n - 1 : 2 * n;
    for (int64_t t = frames - 1; t >= 0; t--) {
        const int64_t i = state / 2;
        path[t] = state % 2 ? targets[i] : blank;
        if (t) state -= state % 2 ? v->to_label[t * (n + 1) + i] : v->to_blank[t * (n + 1) + i];
    }
}

/* scores: (batch, time, classes); targets: (batch, most); paths: (batch, time), filled with the blank. */
EXPORT int sonovox_ctc_paths(const void *scores, const int64_t *targets, const int64_t *frames, const int64_t *labels,
                             int64_t *paths, int64_t batch, int64_t time, int64_t classes, int64_t most, int64_t blank,
                             int is_double) {
    double *sums = malloc((size_t)(6 * (most + 2)) * sizeof(double));
    uint8_t *arrivals = malloc((size_t)(2 * (time + 1) * (most + 1)));
    if (!sums || !arrivals) {
        free(sums), free(arrivals);
        return 1;
    }
    for (int64_t b = 0; b < batch; b++) {
        const int64_t n = labels[b], width = most + 2;
        item v = {sums,         sums + width + 1, sums + 2 * width, sums + 3 * width + 1,
                  sums + 4 * width, sums + 5 * width, arrivals,         arrivals + (time + 1) * (most + 1)};
        const char *first = (const char *)scores + (size_t)(b * time * classes) * (is_double ? sizeof(double) : sizeof(float));
        if (frames[b]) align(&v, first, targets + b * most, paths + b * time, frames[b], n, classes, blank, is_double);
    }
    free(sums), free(arrivals);
    return 0;
}
