/* SPDX-License-Identifier: GPL-2.0 */
/* Limits of a filter expression, which src/filter/cbpf.c checks when it compiles one. */
#define FRAME_WINDOW_SIZE 512 /* bytes of a frame that are copied at once, and one more */
#define FRAME_FAR_LOADS 8     /* loads that may lie behind them */
