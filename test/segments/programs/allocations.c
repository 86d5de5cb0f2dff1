// Allocates with malloc in the main thread, in others, and one large block, and tells where: MAIN, THREAD, LARGE.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *filled(size_t bytes) {
  char *block = malloc(bytes);
  memset(block, 1, bytes);
  return block;
}

static void *allocate(void *unused) {
  void *last = NULL;
  for (int count = 0; count < 500; count++) last = filled(4000);
  printf("thread %p\n", last);
  fflush(stdout);
  pause();
  return unused;
}

int main(void) {
  void *last = NULL;
  for (int count = 0; count < 500; count++) last = filled(3000);
  printf("main %p\nlarge %p\n", last, filled(5 << 20));
  fflush(stdout);
  pthread_t threads[2];
  for (int index = 0; index < 2; index++) pthread_create(&threads[index], NULL, allocate, NULL);
  sleep(1);
  puts("ready");
  fflush(stdout);
  pause();
}
