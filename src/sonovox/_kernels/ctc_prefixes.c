/* Prefix beam search for connectionist temporal classification, and the sum over all alignments of what it finds.

   Probabilities, not logarithms: they are divided by the best one after each frame,
   so that sums need no exponential. What falls e^700 times below the best is lost. */
#include "kernels.h"

#define MULTIPLIER 6364136223846793005u /* Knuth's; a token adds its own random number */
#define TINY 0x1p-332

typedef struct {
    uint64_t hash, parent; /* of the tokens, and of all but the last */
    int64_t last;          /* -1 for no token */
    double blank, nonblank;
} prefix;

typedef struct {
    double score;
    int64_t code; /* a prefix that stays, or beam + (prefix * tokens + token) for one that grows */
} candidate;

typedef struct {
    prefix *now, *next;
    double *stay_blank, *stay_nonblank;
    int64_t *parent;      /* place of the prefix without the last token, -1 where it is not in the beam */
    uint8_t *is_now;      /* the last token is more probably said now than before */
    uint8_t *gone;        /* (beam, tokens): a prefix that is in the beam already */
    candidate *heap;
    int64_t *growing;     /* prefixes of which a token more may be among the best */
    int64_t *tokens;      /* that are considered in a frame, the most probable first */
    int64_t *table;       /* place of a hash */
    int64_t slots;
} search;

static void push(candidate *heap, int64_t *size, int64_t most, candidate one) {
    int64_t place;
    if (*size < most) { /* climb from the end */
        place = (*size)++;
        while (place > 0 && heap[(place - 1) / 2].score > one.score) {
            heap[place] = heap[(place - 1) / 2];
            place = (place - 1) / 2;
        }
    } else { /* in place of the least, which is the first: sink */
        place = 0;
        for (;;) {
            int64_t child = 2 * place + 1;
            if (child >= most) break;
            if (child + 1 < most && heap[child + 1].score < heap[child].score) child++;
            if (heap[child].score >= one.score) break;
            heap[place] = heap[child];
            place = child;
        }
    }
    heap[place] = one;
}

static int64_t consider(const double *probs, int64_t tokens, int64_t blank, double least, int64_t *order) {
    int64_t width = 0, best = -1;
    for (int64_t t = 0; t < tokens; t++) {
        if (t == blank) continue;
        if (best < 0 || probs[t] > probs[best]) best = t;
        if (!(probs[t] >= least) || probs[t] <= 0) continue;
        order[width++] = t;
    }
    if (width == 0 && best >= 0 && probs[best] >= probs[blank] && probs[best] > 0) order[width++] = best;
    for (int64_t gap = width / 2; gap > 0; gap /= 2) /* Shell's sort */
        for (int64_t i = gap; i < width; i++) {
            const int64_t token = order[i];
            int64_t j = i;
            for (; j >= gap && probs[order[j - gap]] < probs[token]; j -= gap) order[j] = order[j - gap];
            order[j] = token;
        }
    return width;
}

static void find_parents(search *s, int64_t n) {
    const uint64_t mask = (uint64_t)s->slots - 1;
    for (int64_t i = 0; i < s->slots; i++) s->table[i] = -1;
    for (int64_t i = 0; i < n; i++) {
        uint64_t slot = (s->now[i].hash >> 20) & mask;
        while (s->table[slot] >= 0) slot = (slot + 1) & mask;
        s->table[slot] = i;
    }
    for (int64_t i = 0; i < n; i++) {
        s->parent[i] = -1;
        if (s->now[i].last < 0) continue;
        uint64_t slot = (s->now[i].parent >> 20) & mask;
        while (s->table[slot] >= 0 && s->now[s->table[slot]].hash != s->now[i].parent) slot = (slot + 1) & mask;
        s->parent[i] = s->table[slot];
    }
}

/* One frame: the beam's new size. Of each place, `source` is where it was and `said` the token that is new, or -1. */
static int64_t hear(search *s, int64_t n, const double *probs, const uint64_t *numbers, int64_t tokens, int64_t blank,
                    int64_t beam, double prune, double least, int32_t *source, int32_t *said, double *scale) {
    const int64_t width = consider(probs, tokens, blank, least, s->tokens);
    const prefix *now = s->now;
    if (width) find_parents(s, n);
    int64_t size = 0;
    double best = 0;
    for (int64_t i = 0; i < n; i++) {
        const double again = now[i].last < 0 ? 0 : probs[now[i].last];
        s->stay_blank[i] = (now[i].blank + now[i].nonblank) * probs[blank];
        s->stay_nonblank[i] = now[i].nonblank * again;
        s->is_now[i] = 0;
        const int64_t p = width ? s->parent[i] : -1;
        if (p >= 0) {
            const double from = now[p].last == now[i].last ? now[p].blank : now[p].blank + now[p].nonblank;
            const double joined = from * again;
            s->is_now[i] = joined > s->stay_blank[i] + s->stay_nonblank[i];
            s->stay_nonblank[i] += joined;
            s->gone[p * tokens + now[i].last] = 1;
        }
        const candidate one = {s->stay_blank[i] + s->stay_nonblank[i], i};
        if (one.score > best) best = one.score;
        push(s->heap, &size, beam, one);
    }
    /* The best token of each prefix before the second best of any: the bar is high soon. */
    int64_t growing = n;
    for (int64_t i = 0; i < n; i++) s->growing[i] = i;
    for (int64_t w = 0; w < width && growing; w++) {
        const int64_t t = s->tokens[w];
        int64_t left = 0;
        for (int64_t g = 0; g < growing; g++) {
            const int64_t i = s->growing[g];
            const double floor = size < beam || s->heap[0].score < best * prune ? best * prune : s->heap[0].score;
            const double ceiling = (now[i].blank + now[i].nonblank) * probs[t];
            if (ceiling <= floor) continue;
            s->growing[left++] = i;
            const double score = t == now[i].last ? now[i].blank * probs[t] : ceiling;
            if (score <= floor || s->gone[i * tokens + t]) continue;
            if (score > best) best = score;
            push(s->heap, &size, beam, (candidate){score, beam + i * tokens + t});
        }
        growing = left;
    }
    for (int64_t i = 0; i < n && width; i++)
        if (s->parent[i] >= 0) s->gone[s->parent[i] * tokens + now[i].last] = 0;
    *scale = best;
    if (!(best > 0)) return 0;
    int64_t kept = 0;
    for (int64_t k = 0; k < size; k++) {
        const candidate one = s->heap[k];
        if (!(one.score >= best * prune) || one.score <= 0) continue;
        prefix *next = &s->next[kept];
        if (one.code < beam) {
            const int64_t i = one.code;
            *next = now[i];
            next->blank = s->stay_blank[i] / best;
            next->nonblank = s->stay_nonblank[i] / best;
            source[kept] = (int32_t)(s->is_now[i] ? s->parent[i] : i);
            said[kept] = (int32_t)(s->is_now[i] ? now[i].last : -1);
        } else {
            const int64_t i = (one.code - beam) / tokens, t = (one.code - beam) % tokens;
            next->hash = now[i].hash * MULTIPLIER + numbers[t];
            next->parent = now[i].hash;
            next->last = t;
            next->blank = 0;
            next->nonblank = one.score / best;
            source[kept] = (int32_t)i;
            said[kept] = (int32_t)t;
        }
        kept++;
    }
    prefix *swap = s->now;
    s->now = s->next;
    s->next = swap;
    return kept;
}

/* The probability of some tokens, summed over all alignments, as mantissa * 2^(-332 * shifts). */
static void sum_alignments(const double *probs, int64_t time, int64_t classes, int64_t blank, const int64_t *tokens,
                           int64_t count, double *sums, double *mantissa, int64_t *shifts) {
    double *blanks = sums, *labels = sums + count + 2; /* labels[i + 1] is that of token i */
    memset(sums, 0, (size_t)(2 * count + 4) * sizeof(double));
    *mantissa = 1;
    *shifts = 0;
    blanks[0] = 1;
    for (int64_t frame = 0; frame < time; frame++, probs += classes) {
        const double silent = probs[blank];
        double most = 0;
        for (int64_t i = count; i >= 0; i--) { /* from the end: what is before belongs to the frame before */
            const double from = labels[i];
            const double old = blanks[i];
            if (i < count) {
                const int64_t token = tokens[i];
                const double jump = i > 0 && tokens[i - 1] == token ? 0 : from;
                /* before the first frame only the first blank holds anything, from which the first token may come */
                labels[i + 1] = (labels[i + 1] + old + jump) * probs[token];
                if (labels[i + 1] > most) most = labels[i + 1];
            }
            blanks[i] = (old + from) * silent;
            if (blanks[i] > most) most = blanks[i];
        }
        if (!(most > 0)) {
            *mantissa = 0;
            return;
        }
        if (most < 1e-30 || frame + 1 == time) {
            const double factor = 1 / most;
            for (int64_t i = 0; i <= count; i++) {
                blanks[i] *= factor;
                labels[i + 1] *= factor;
            }
            *mantissa *= most;
            while (*mantissa < TINY && *mantissa > 0) {
                *mantissa *= 0x1p332;
                ++*shifts;
            }
        }
    }
    *mantissa *= count ? blanks[count] + labels[count] : blanks[0];
}

/* The best `topk` of each item, the most probable in the beam first.

   probs (items, time, classes), counts (items), numbers (classes); out: tokens and frames (items, topk, time),
   lengths (items, topk), -1 where there is none, mantissas and shifts (items, topk). */
EXPORT int sonovox_ctc_prefixes(const double *probs, const int64_t *counts, const int64_t *numbers, int64_t *tokens,
                                int64_t *frames, int64_t *lengths, double *mantissas, int64_t *shifts, int64_t items,
                                int64_t time, int64_t classes, int64_t blank, int64_t beam, int64_t topk, double prune,
                                double least) {
    search s = {0};
    s.slots = 16;
    while (s.slots < 4 * beam) s.slots *= 2;
    const size_t wide = (size_t)beam, steps = (size_t)(time > 0 ? time : 1);
    s.now = malloc(wide * sizeof(prefix));
    s.next = malloc(wide * sizeof(prefix));
    s.stay_blank = malloc(wide * sizeof(double));
    s.stay_nonblank = malloc(wide * sizeof(double));
    s.parent = malloc(wide * sizeof(int64_t));
    s.growing = malloc(wide * sizeof(int64_t));
    s.is_now = malloc(wide);
    s.gone = calloc(wide, (size_t)classes);
    s.heap = malloc(wide * sizeof(candidate));
    s.tokens = malloc((size_t)classes * sizeof(int64_t));
    s.table = malloc((size_t)s.slots * sizeof(int64_t));
    int32_t *source = malloc(steps * wide * sizeof(int32_t)), *said = malloc(steps * wide * sizeof(int32_t));
    double *sums = malloc((2 * steps + 4) * sizeof(double));
    const int failed = !(s.now && s.next && s.stay_blank && s.stay_nonblank && s.parent && s.growing && s.is_now && s.gone &&
                         s.heap && s.tokens && s.table && source && said && sums);
    for (int64_t item = 0; item < items && !failed; item++) {
        const double *heard = probs + item * time * classes;
        int64_t n = 1;
        s.now[0] = (prefix){1, 0, -1, 1, 0};
        for (int64_t frame = 0; frame < counts[item] && n; frame++) {
            double scale;
            n = hear(&s, n, heard + frame * classes, (const uint64_t *)numbers, classes, blank, beam, prune, least,
                     source + frame * beam, said + frame * beam, &scale);
        }
        for (int64_t k = 0; k < topk; k++) {
            const int64_t row = item * topk + k;
            int64_t place = -1;
            for (int64_t i = 0; i < n; i++) {
                const double score = s.now[i].blank + s.now[i].nonblank;
                if (score > 0 && (place < 0 || score > s.now[place].blank + s.now[place].nonblank)) place = i;
            }
            lengths[row] = -1;
            if (place < 0) continue;
            s.now[place].blank = s.now[place].nonblank = 0; /* it is taken */
            int64_t count = 0, *said_here = tokens + row * time, *said_when = frames + row * time;
            for (int64_t frame = counts[item] - 1; frame >= 0; frame--) {
                const int32_t token = said[frame * beam + place];
                if (token >= 0) {
                    said_here[count] = token;
                    said_when[count++] = frame;
                }
                place = source[frame * beam + place];
            }
            for (int64_t i = 0; i < count / 2; i++) {
                const int64_t token = said_here[i], when = said_when[i];
                said_here[i] = said_here[count - 1 - i];
                said_when[i] = said_when[count - 1 - i];
                said_here[count - 1 - i] = token;
                said_when[count - 1 - i] = when;
            }
            lengths[row] = count;
            sum_alignments(heard, counts[item], classes, blank, said_here, count, sums, mantissas + row, shifts + row);
        }
    }
    free(s.now), free(s.next), free(s.stay_blank), free(s.stay_nonblank), free(s.parent), free(s.growing);
    free(s.is_now), free(s.gone), free(s.heap), free(s.tokens), free(s.table), free(source), free(said), free(sums);
    return failed;
}
