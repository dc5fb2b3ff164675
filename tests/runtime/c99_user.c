/* The generated header as a C99 program sees it. */
#include "toy.h"

int32_t toy_default_detections(void);
int32_t toy_default_detections(void) {
  toy_detect_options o = toy_detect_defaults();
  return o.max_detections;
}
