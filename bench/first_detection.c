/* From exec to the first detection: says "1" when it is there, then detects on and says the median of that, in ms.
 * Built by footprint.py against the header of the model that it compiled. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "model.h"

enum { kSide = 640, kMore = 21 };
static unsigned char rgb[kSide * kSide * 3];
static model_detection found[300];

static double now_ms(void) {
  struct timespec t;
  timespec_get(&t, TIME_UTC);
  return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

static int ascending(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

int main(void) {
  model_context* context;
  double ms[kMore];
  int i;
  const int32_t status = model_create(NULL, &context);
  if (status != model_ok) return fprintf(stderr, "%s\n", model_status_text(status)), 1;
  if (model_detect(context, rgb, kSide, kSide, kSide * 3, NULL, found, 300) < 0) return 1;
  puts("1");
  fflush(stdout);
  for (i = 0; i < kMore; ++i) {
    const double start = now_ms();
    model_detect(context, rgb, kSide, kSide, kSide * 3, NULL, found, 300);
    ms[i] = now_ms() - start;
  }
  qsort(ms, kMore, sizeof ms[0], ascending);
  printf("%f\n", ms[kMore / 2]);
  model_destroy(context);
  return 0;
}
