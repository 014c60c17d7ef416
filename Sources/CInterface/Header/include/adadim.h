/* AdaDim: quantizes linear layers of language models to 2, 3, 4 or 8 bits, on CPUs.
 *
 * A layer y = W·x has a weight W [out, in]. Calibration inputs x are summed up in a Gram matrix H = X·Xᵀ [in, in]. A
 * quantizer is made of H. All layers that see the same inputs (q, k and v; gate and up) share it and its factor. It turns
 * weights into layers of codes, scales and zero points:
 *
 *     adadim_gram *gram = NULL;
 *     adadim_quantizer *quantizer = NULL;
 *     adadim_layer *layer = NULL;
 *     adadim_options options;
 *     adadim_options_init(&options, ADADIM_BALANCED);
 *     options.bits = 3;
 *     adadim_gram_create(in, &gram);
 *     adadim_gram_accumulate(gram, inputs, ADADIM_FLOAT32, tokens);           // once for each batch
 *     adadim_quantizer_create(gram, &options, NULL, NULL, &quantizer);
 *     adadim_quantizer_quantize(quantizer, weight, ADADIM_BFLOAT16, out, NULL, NULL, &layer);
 *     adadim_layer_codes(layer, codes, out * in, NULL);
 *
 * Each of these returns a status to check; adadim_last_error() returns the details.
 *
 * CONVENTIONS
 *
 * Matrices are row-major, as C, NumPy and PyTorch have them, without gaps between rows. A shape [a, b] has a rows.
 * Numbers are little-endian. Memory is the caller's; no function keeps a pointer to it beyond its return.
 *
 * Handles (adadim_gram, adadim_quantizer, adadim_layer) are created by the functions whose last argument points to one, and
 * destroyed by the matching destroy function, which accepts NULL. When a function fails to create a handle, it sets it to
 * NULL. A destroyed handle must not be used again.
 *
 * No function traps, exits or prints. Every size is checked before it is used, and a lack of memory is a status. The
 * library cannot check pointers: they must point to as many bytes as their sizes say. Addresses need no alignment. A thread
 * that calls needs a stack of 256 KB.
 *
 * One exception: OpenBLAS maps up to 128 MB of address space for each thread at its first product, and allocates small
 * pieces of memory later. Where a process's address space is limited (ulimit -v), this library requests the former while a
 * failure can still be reported. If the system refuses the latter, OpenBLAS ends the process.
 *
 * Functions may be called from several threads at once, with the same handles too; calls that change one Gram matrix
 * wait for each other. The result of a call is the same, bit by bit, whatever other threads do, as long as the number of
 * threads, the machine and its BLAS stay the same, and OpenBLAS is the build for POSIX threads (Debian's
 * libopenblas0-pthread). A child of fork() may call if no thread of its parent was computing at that time.
 *
 * Copyright 2026 the AdaDim authors. Apache-2.0.
 */
#ifndef ADADIM_H
#define ADADIM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version ---------------------------------------------------------------------------------------------------- */

#define ADADIM_VERSION_MAJOR 0
#define ADADIM_VERSION_MINOR 1
#define ADADIM_VERSION_PATCH 0
#define ADADIM_VERSION "0.1.0"

/* The version of the library that is running, such as "0.1.0"; the macros are those of this header. */
const char *adadim_version(void);

/* The kernels that OpenBLAS chose for this CPU, such as "Haswell" or "SkylakeX". */
const char *adadim_blas_core(void);

/* ---- Status ----------------------------------------------------------------------------------------------------- */

typedef int32_t adadim_status;
enum {
    ADADIM_OK = 0,
    /* A null pointer, an option or another argument outside its range. */
    ADADIM_INVALID_ARGUMENT = 1,
    /* Sizes that do not match. */
    ADADIM_WRONG_SIZE = 2,
    /* The caller's buffer holds less than there is to write. */
    ADADIM_BUFFER_TOO_SMALL = 3,
    /* NaN or infinity in weights, inputs or a Gram matrix. */
    ADADIM_NOT_FINITE = 4,
    /* The damped Gram matrix has no Cholesky factor. */
    ADADIM_NOT_POSITIVE_DEFINITE = 5,
    /* The Gram matrix is zero: no token was added; or, only from adadim_gram_check_active, every input was zero. */
    ADADIM_ALL_INPUTS_INACTIVE = 6,
    /* A result beyond the range of its type: a scale, a loss, a weight as float16. */
    ADADIM_OVERFLOW = 7,
    /* There is no memory, or less than the work would take. */
    ADADIM_OUT_OF_MEMORY = 8,
    /* The progress callback cancelled the work. */
    ADADIM_CANCELLED = 9
};

/* The name of a status, such as "ADADIM_OUT_OF_MEMORY". */
const char *adadim_status_name(adadim_status status);

/* A sentence about the last failed call of this thread: what it found, and what was expected. "" after a call that did
 * not fail. Valid until the thread's next call. */
const char *adadim_last_error(void);

/* ---- The BLAS in use --------------------------------------------------------------------------------------------- */

typedef struct adadim_blas {
    int64_t size;               /* sizeof(adadim_blas), set by the caller */
    const char *library;        /* the file whose code computes products, links resolved; "" if unknown */
    const char *kernels;        /* the family of OpenBLAS's kernels, such as "SkylakeX"; "" if another library computes */
    const char *better_kernels; /* a family that uses more of this processor; "" if there is none, or none in this library */
    int32_t below_processor;    /* 1: the kernels use fewer instructions than the processor has */
    int32_t foreign;            /* 1: another file than the linked OpenBLAS computes products; this library does not configure it */
    int32_t lacks_threads;      /* 1: OpenBLAS got too few threads when it was loaded; see THREADS */
} adadim_blas;

/* Fills *blas, whose texts live as long as the process.
 *
 * OpenBLAS chooses its kernels by the processor's model, when it is loaded. A version older than the processor chooses kernels of
 * an old processor, without a message, and all work here takes two to eight times as long: Debian 12's 0.3.21 on an Emerald Rapids
 * reaches 52 GFLOP/s instead of 283. Nothing can change that after OpenBLAS is loaded. Where better_kernels is not "", set the
 * environment variable OPENBLAS_CORETYPE to it before the program starts. A program can do so itself, at the beginning of main, if
 * its user has not set the variable, and start again by execv("/proc/self/exe", argv). If OpenBLAS does not have the family that
 * the variable names, it uses another one, and better_kernels is the next one to try. Stop when kernels is the value of the
 * variable: that is the best family of this OpenBLAS. Where better_kernels is "" and below_processor is 1, only another OpenBLAS
 * is faster. */
adadim_status adadim_blas_report(adadim_blas *blas);

/* ---- THREADS ---------------------------------------------------------------------------------------------------- */

/* The number of threads is OpenBLAS's: one number for the process, at first one thread for each core that the process may run on,
 * or OPENBLAS_NUM_THREADS. OpenBLAS ignores CPU quotas of control groups, and this library does not change its choice: in a
 * container with a quota, set the number. Only adadim_set_thread_count changes it. While a call computes on several threads,
 * openblas_get_num_threads() itself may return 1.
 *
 * OpenBLAS starts its threads when it is loaded. Where the system gives too few (ulimit -u, pids.max of a control group), it
 * raises SIGINT, which ends the process unless SIGINT is ignored or caught; with OPENBLAS_NUM_THREADS=1 it starts none. Where
 * SIGINT is ignored, the number is 1 at first, and adadim_blas_report reports it. Where the program catches it and continues,
 * OpenBLAS waits for ever for the missing threads at its first product. This library's own loops use the threads that the system
 * gives, and need none. */
adadim_status adadim_thread_count(int64_t *count);

/* count: 1 or more; fewer are set where OpenBLAS is not built for as many or the system gives fewer threads, and 1 where
 * lacks_threads is 1, even if the system would now give more. May be called while other calls compute: their products continue
 * with the new number, and no more of their jobs run side by side than at their beginning. Results may then differ in their last
 * bits: where that matters, set the number while no call computes. */
adadim_status adadim_set_thread_count(int64_t count);

/* ---- Number types ----------------------------------------------------------------------------------------------- */

typedef int32_t adadim_type;
enum {
    ADADIM_FLOAT32 = 0,
    ADADIM_BFLOAT16 = 1,
    ADADIM_FLOAT16 = 2
};

/* ---- Gram matrices ---------------------------------------------------------------------------------------------- */

typedef struct adadim_gram adadim_gram;

/* The Gram matrix of no tokens, [inputs, inputs]; 4·inputs² bytes. */
adadim_status adadim_gram_create(int64_t inputs, adadim_gram **gram);

/* One computed elsewhere: matrix is symmetric, float32 [inputs, inputs], and its upper triangle with the diagonal is read;
 * tokens is the number of inputs that it sums up. */
adadim_status adadim_gram_create_from(const float *matrix, int64_t inputs, int64_t tokens, adadim_gram **gram);

void adadim_gram_destroy(adadim_gram *gram);

/* Adds a batch of inputs, [tokens, inputs], one token after another. Adds all of it or, if it fails, nothing. Inputs in
 * float32 at an address that is a multiple of 4 are not copied. */
adadim_status adadim_gram_accumulate(adadim_gram *gram, const void *inputs, adadim_type type, int64_t tokens);

/* Adds the sums of another Gram matrix with as many inputs, which stays as it is: for callers that sum
 * up parts of their calibration data separately. */
adadim_status adadim_gram_merge(adadim_gram *gram, const adadim_gram *other);

adadim_status adadim_gram_inputs(const adadim_gram *gram, int64_t *inputs);
adadim_status adadim_gram_tokens(const adadim_gram *gram, int64_t *tokens);

/* ADADIM_ALL_INPUTS_INACTIVE if the mean of the matrix's diagonal is zero, or too small for a normal float32: if all columns are
 * dead, since no token has activated any input. Such a layer can be quantized. Its weights are rounded to nearest, with equal
 * weights for all columns; its loss on these tokens is zero in either direction, so ADADIM_ADAPTIVE makes it per-OC, and
 * inactive_inputs of adadim_layer_info is the number of its inputs. This function is for callers that treat it as an error. */
adadim_status adadim_gram_check_active(const adadim_gram *gram);

/* Copies the matrix, both triangles, float32 [inputs, inputs]. See READING A LAYER for capacity and count. */
adadim_status adadim_gram_matrix(const adadim_gram *gram, float *buffer, int64_t capacity, int64_t *count);

/* ---- Options ---------------------------------------------------------------------------------------------------- */

/* How codes are found. */
enum {
    ADADIM_GPTQ = 0,             /* GPTQ's column sweep: later columns compensate for the errors of earlier ones */
    ADADIM_ROUND_TO_NEAREST = 1  /* rounds each weight independently; keeps the ranges of ADADIM_BALANCED, where the tool's
                                    --method rtn starts from ADADIM_FAST */
};

/* In which direction the weights of a group run. */
enum {
    ADADIM_ADAPTIVE = 0,  /* the one that reconstructs the layer's outputs better */
    ADADIM_PER_OC = 1,    /* inside an output channel, a row of W: the usual way */
    ADADIM_PER_IC = 2     /* inside an input channel, a column of W */
};

/* By which loss ADADIM_ADAPTIVE with ADADIM_GPTQ chooses. */
enum {
    ADADIM_SELECT_RTN = 0,   /* round to nearest in both directions, as the paper does */
    ADADIM_SELECT_SWEEP = 1  /* sweep in both directions and keep the smaller loss */
};

/* How much of a group's range its grid covers. */
enum {
    ADADIM_RANGES_MINMAX = 0,  /* all of it */
    ADADIM_RANGES_SEARCH = 1   /* the part with the smallest error: MSE clipping */
};

/* What the passes of coordinate descent over a swept layer change. No pass raises the loss under the damped H. Round to nearest
   has no passes. */
enum {
    ADADIM_REFINE_BOTH = 0,   /* block of columns after block */
    ADADIM_REFINE_CODES = 1,
    ADADIM_REFINE_SCALES = 2
};

/* On what grids weights are. The values of a uniform grid are (code − zero)·scale. Those of the K-quants of llama.cpp have scales and
   offsets on two levels: 256 weights of a row share the float16 numbers d and dmin, and groups of 16 or 32 of them have whole numbers
   sc and m. The value is d·sc·(code − zero) − dmin·m, rounded once to float32; Q3_K and Q6_K have no offsets. Groups are per-OC, and
   inputs a multiple of 256. */
enum {
    ADADIM_GRID_UNIFORM = 0,
    ADADIM_GRID_Q2_K = 2, /* codes of 2 bits, groups of 16, sc and m 0 … 15 */
    ADADIM_GRID_Q3_K = 3, /* codes of 3 bits, zero 4, groups of 16, sc −32 … 31 */
    ADADIM_GRID_Q4_K = 4, /* codes of 4 bits, groups of 32, sc and m 0 … 63 */
    ADADIM_GRID_Q5_K = 5, /* codes of 5 bits, groups of 32, sc and m 0 … 63 */
    ADADIM_GRID_Q6_K = 6  /* codes of 6 bits, zero 32, groups of 16, sc −128 … 127 */
};

/* How much is done to lose less. */
enum {
    ADADIM_FAST = 0,     /* plain GPTQ */
    ADADIM_BALANCED = 1  /* searched ranges, act-order, more damping, passes: the default wherever options are NULL */
};

typedef struct adadim_options {
    int64_t size;             /* sizeof(adadim_options); set by adadim_options_init */
    /*                                                                            ADADIM_FAST   ADADIM_BALANCED */
    int64_t bits;             /* 2, 3, 4 or 8; what grid_type has                           4 */
    int64_t group_size;       /* weights that share a scale; 0: a channel                 128 */
    double damping;           /* share of H's mean diagonal, 0 to 1                      0.01               0.1 */
    int32_t method;           /* ADADIM_GPTQ …                                    ADADIM_GPTQ */
    int32_t dimension;        /* ADADIM_ADAPTIVE …                            ADADIM_ADAPTIVE */
    int32_t selection;        /* ADADIM_SELECT_RTN …                        ADADIM_SELECT_RTN */
    int32_t symmetric;        /* 1: zero points in the middle                               0 */
    int32_t activation_order; /* 1: act-order, by descending activation                     0                 1 */
    adadim_type scale_type;   /* of stored scales                             ADADIM_BFLOAT16 */
    int32_t ranges;           /* ADADIM_RANGES_MINMAX …                  ADADIM_RANGES_MINMAX            SEARCH */
    int32_t refine;           /* ADADIM_REFINE_BOTH …                      ADADIM_REFINE_BOTH */
    int32_t grid_type;        /* by adadim_options_set_grid               ADADIM_GRID_UNIFORM */
    int64_t passes;           /* over the swept layer, 0 to 1000                            0                 4 */
} adadim_options;

/* Sets the values above. effort: ADADIM_FAST or ADADIM_BALANCED. */
adadim_status adadim_options_init(adadim_options *options, int32_t effort);

/* Sets grid_type and what follows from it: bits, group_size and symmetric. Of ADADIM_GRID_UNIFORM they become 4, 128 and 0. With
 * other grids a call refuses options where these have other values, or where dimension is ADADIM_PER_IC; ADADIM_ADAPTIVE means
 * per-OC, and scale_type and ranges do not count. */
adadim_status adadim_options_set_grid(adadim_options *options, int32_t grid_type);

/* The memory that quantizing a layer [out, in] takes at its peak, in bytes, with the Gram matrix, which
 * adadim_quantizer_take reuses; adadim_quantizer_create leaves the caller's in place, which takes 4·in² bytes more.
 * options: NULL for the defaults. */
adadim_status adadim_memory_needed(int64_t out, int64_t in, const adadim_options *options, int64_t *bytes);

/* ---- Quantizing ------------------------------------------------------------------------------------------------- */

/* Receives the share of the work that is done, 0 to 1; another return value than 0 cancels the work. Shares rise, but start again
 * at 0 when λ is raised. Called from any thread, one call at a time. It must return soon, and must neither call into this
 * library nor leave by an exception or longjmp. */
typedef int (*adadim_progress)(double share, void *context);

typedef struct adadim_quantizer adadim_quantizer;

/* Factors H + λI. λ is raised tenfold, up to H's mean diagonal, while there is no factor (damping 0 is never raised);
 * adadim_layer_get_info reports it. ADADIM_ALL_INPUTS_INACTIVE for a Gram matrix of no tokens; see adadim_gram_check_active
 * for one of tokens that are all zero.
 *
 * options: NULL for the defaults. progress: NULL for none; context is passed on to it. */
adadim_status adadim_quantizer_create(
    const adadim_gram *gram, const adadim_options *options, adadim_progress progress, void *context,
    adadim_quantizer **quantizer);

/* The same in the memory of the Gram matrix, so that the matrix is in memory only once: *gram is destroyed and set to NULL,
 * unless the call fails because of its arguments. */
adadim_status adadim_quantizer_take(
    adadim_gram **gram, const adadim_options *options, adadim_progress progress, void *context,
    adadim_quantizer **quantizer);

void adadim_quantizer_destroy(adadim_quantizer *quantizer);

typedef struct adadim_layer adadim_layer;

/* Quantizes a weight [out, inputs of the Gram matrix]. */
adadim_status adadim_quantizer_quantize(
    const adadim_quantizer *quantizer, const void *weight, adadim_type type, int64_t out, adadim_progress progress,
    void *context, adadim_layer **layer);

void adadim_layer_destroy(adadim_layer *layer);

/* ---- READING A LAYER -------------------------------------------------------------------------------------------- */

typedef struct adadim_layer_info {
    int64_t size;               /* sizeof(adadim_layer_info); set it before the call */
    int64_t out, in;            /* shape of the weight and of the codes */
    int64_t bits;
    int64_t group_size;         /* weights of a group, at most the length of a channel */
    int64_t scale_rows;         /* shape of scales and zero points: per-OC [out, ⌈in/g⌉], */
    int64_t scale_columns;      /*                                  per-IC [⌈out/g⌉, in]  */
    int64_t words_per_row;      /* packed codes: [out, ⌈in·bits/32⌉] */
    int64_t super_columns;      /* of d and dmin: in/256; 0 for uniform grids */
    int64_t inactive_inputs;    /* dead columns: inputs that no token activated */
    double loss;                /* ‖(W−Q)·X‖², summed over the calibration tokens */
    double relative_loss;       /* loss / ‖W·X‖²; 0 where that is 0 */
    double output_energy;       /* ‖W·X‖² */
    double damping;             /* λ over H's mean diagonal: as requested, or as raised */
    double rtn_loss_per_oc;     /* losses measured before, by direction; NaN where none was */
    double rtn_loss_per_ic;
    double gptq_loss_per_oc;
    double gptq_loss_per_ic;
    double refined_loss_per_oc; /* after the passes, which minimize the loss under the damped H: may be larger */
    double refined_loss_per_ic;
    int32_t dimension;          /* ADADIM_PER_OC or ADADIM_PER_IC */
    int32_t method;             /* ADADIM_GPTQ or ADADIM_ROUND_TO_NEAREST */
    int32_t grid_type;          /* ADADIM_GRID_UNIFORM … */
    int32_t reserved;           /* 0: the structure ends without padding, of which no byte would be set */
} adadim_layer_info;

adadim_status adadim_layer_get_info(const adadim_layer *layer, adadim_layer_info *info);

/* Each function below writes numbers to the caller's buffer, which has room for capacity of them. *count is set to the number
 * of numbers; count may be NULL. With buffer NULL only the count is returned. A buffer that is too small is not written to. */

/* Codes [out, in], a byte each: weight (i, j) is (code − zero)·scale, less an offset where there are offsets. */
adadim_status adadim_layer_codes(const adadim_layer *layer, uint8_t *buffer, int64_t capacity, int64_t *count);

/* Scales [scale_rows, scale_columns]: of weight (i, j) at per-OC [i, j/g], per-IC [i/g, j]. On two levels d·sc, which may be zero, and
 * in Q3_K and Q6_K negative. */
adadim_status adadim_layer_scales(const adadim_layer *layer, float *buffer, int64_t capacity, int64_t *count);

/* Zero points, the codes of the value 0, shaped as the scales. */
adadim_status adadim_layer_zero_points(const adadim_layer *layer, uint8_t *buffer, int64_t capacity, int64_t *count);

/* Of two-level grids: offsets dmin·m, shaped as the scales; d and dmin, numbers of float16, [out, super_columns]; sc and m, shaped as
 * the scales. A count of 0 where a layer has none: all of a uniform grid, and offsets, dmin and m of Q3_K and Q6_K. */
adadim_status adadim_layer_offsets(const adadim_layer *layer, float *buffer, int64_t capacity, int64_t *count);
adadim_status adadim_layer_super_scales(const adadim_layer *layer, float *buffer, int64_t capacity, int64_t *count);
adadim_status adadim_layer_super_offsets(const adadim_layer *layer, float *buffer, int64_t capacity, int64_t *count);
adadim_status adadim_layer_whole_scales(const adadim_layer *layer, int8_t *buffer, int64_t capacity, int64_t *count);
adadim_status adadim_layer_whole_offsets(const adadim_layer *layer, uint8_t *buffer, int64_t capacity, int64_t *count);

/* Codes as words [out, words_per_row]: each row a dense stream of bits along in, least significant bit first, codes
 * straddling words, zeros after the last one. */
adadim_status adadim_layer_packed_codes(const adadim_layer *layer, uint32_t *buffer, int64_t capacity, int64_t *count);

/* The dequantized weight [out, in], in numbers of the type, each rounded to the nearest. */
adadim_status adadim_layer_dequantized(
    const adadim_layer *layer, void *buffer, adadim_type type, int64_t capacity, int64_t *count);

#ifdef __cplusplus
}
#endif
#endif
