/* A C program that detects: linked without a C++ library. */
#include <stdio.h>
#include <string.h>

#include "toy.h"

int main(void) {
  static uint8_t picture[32 * 48 * 3];
  toy_context* context;
  toy_detection found[4];
  char why[256];
  toy_options options;
  int32_t n;
  memset(&options, 0, sizeof options);
  options.struct_bytes = sizeof options;
  options.error = why;
  options.error_bytes = sizeof why;
  if (toy_create(&options, &context) != toy_ok) {
    printf("%s\n", why);
    return 1;
  }
  memset(picture + (8 * 48 + 16) * 3, 255, 2); /* red and green in the cell of row 1, column 2 */
  n = toy_detect(context, picture, 32, 48, 48 * 3, NULL, found, 4);
  printf("%d found by %s with %d threads\n", (int)n, toy_isa(context), (int)toy_threads(context));
  toy_destroy(context);
  return n == 1 && found[0].x1 == 12 && found[0].y1 == 4 ? 0 : 1;
}
