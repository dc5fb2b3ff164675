// Names that C's headers have taken, as plain words between spaces.
//
// A library's name becomes a header NAME.h, a namespace NAME and a prefix NAME_: a header `signal.h` would be found
// instead of C's own, and a namespace `time` clashes with the function wherever <ctime> is included.
#include "compiler/cli/names.h"

namespace sparsec::cli {
namespace {

// Headers of C and POSIX whose names are identifiers.
constexpr std::string_view kHeaders =
    " "
    "aio alloca assert complex ctype dirent dlfcn elf errno fcntl features fenv float fnmatch ftw getopt glob "
    "grp iconv ifaddrs inttypes iso646 langinfo libgen limits link locale malloc math memory mqueue netdb poll "
    "pthread pwd regex resolv sched search semaphore setjmp shadow signal spawn stab stdalign stdarg stdatomic "
    "stdbool stddef stdint stdio stdlib stdnoreturn string strings syslog termios tgmath thread threads time "
    "uchar unistd utime utmp values wait wchar wctype wordexp ";

// Functions that headers of C, POSIX and GNU declare, without rare ones and the variants for other types.
constexpr std::string_view kFunctions =
    " "
    "a64l abort abs accept accept4 access acct acos acosh adjtime advance alarm alphasort arc4random asctime "
    "asin asinh asprintf atan atan2 atanh atof atoi atol atoll basename bcmp bcopy bind brk bsearch btowc bzero "
    "calloc canonicalize cbrt ceil chdir chmod chown chroot clearenv clearerr clock clone close closedir "
    "closefrom confstr connect copysign cos cosh creat ctermid ctime cuserid daemon difftime dirfd div dladdr "
    "dladdr1 dlclose dlerror dlinfo dlmopen dlopen dlsym dlvsym dprintf drand48 drem dup dup2 dup3 duplocale "
    "dysize eaccess ecvt endusershell erand48 erf erfc euidaccess execl execle execlp execv execve execveat "
    "execvp execvpe exit exp exp10 exp2 expm1 fabs faccessat fallocate fchdir fchmod fchmodat fchown fchownat "
    "fclose fcloseall fcvt fdatasync fdim fdopen fdopendir feof ferror fexecve fflush ffs ffsl ffsll fgetc "
    "fgetpos fgets fgetwc fgetws fileno finite flockfile floor fma fmax fmemopen fmin fmod fopen fopencookie "
    "fork fpathconf fprintf fputc fputs fputwc fputws fread free freelocale freopen frexp fscanf fseek fseeko "
    "fsetpos fstat fstatat fsync ftell ftello ftruncate ftrylockfile funlockfile futimens futimes futimesat "
    "fwide fwprintf fwrite fwscanf gamma gcvt getc getchar getcpu getcwd getdate getdelim getdirentries "
    "getdomainname getdtablesize getegid getentropy getenv geteuid getgid getgroups gethostid gethostname "
    "getitimer getline getloadavg getlogin getpagesize getpass getpeername getpgid getpgrp getpid getppid getpt "
    "getresgid getresuid getsid getsockname getsockopt getsubopt gettid gettimeofday getuid getusershell getw "
    "getwc getwchar getwd gmtime grantpt gsignal hypot ilogb imaxabs imaxdiv index initstate isalnum isalpha "
    "isascii isatty isblank iscntrl isctype isdigit isfdtype isgraph isinf islower isnan isprint ispunct isspace "
    "isupper isxdigit j0 j0f j0l j1 j1f j1l jn jnf jnl jrand48 kill killpg l64a labs lchmod lchown lcong48 ldexp "
    "ldiv lgamma linkat listen llabs lldiv llogb llrint llround localeconv localtime lockf log log10 log1p log2 "
    "logb longjmp lrand48 lrint lround lseek lstat lutimes madvise memccpy memchr memcmp memcpy memfrob memmem "
    "memmove mempcpy memrchr memset mincore mkdir mkdirat mkdtemp mkfifo mkfifoat mknod mknodat mkostemp "
    "mkostemps mkstemp mkstemps mktemp mktime mlock mlock2 mlockall mmap modf mprotect mrand48 mremap msync "
    "munlock munlockall munmap nan nanosleep nearbyint newlocale nextafter nextdown nexttoward nextup nice "
    "nrand48 open openat opendir pathconf pause pclose perror pipe pipe2 popen pow ppoll pread printf profil "
    "pselect psiginfo psignal ptsname putc putchar putenv puts putw putwc putwchar pwrite qecvt qfcvt qgcvt "
    "qsort raise rand random rawmemchr read readahead readdir readlink readlinkat realloc reallocarray realpath "
    "recv recvfrom recvmmsg recvmsg remainder remove remquo rename renameat renameat2 revoke rewind rewinddir "
    "rindex rint rmdir round roundeven rpmatch sbrk scalb scalbln scalbn scandir scandirat scanf seed48 seekdir "
    "select send sendmmsg sendmsg sendto setbuf setbuffer setdomainname setegid setenv seteuid setgid sethostid "
    "sethostname setitimer setlinebuf setlocale setlogin setns setpgid setpgrp setregid setresgid setresuid "
    "setreuid setsid setsockopt setstate settimeofday setuid setusershell setvbuf shutdown sin sincos sinh sleep "
    "snprintf sockatmark socket socketpair splice sprintf sqrt srand srand48 srandom sscanf ssignal stat statx "
    "stpcpy stpncpy strcasecmp strcasestr strcat strchr strchrnul strcmp strcoll strcpy strcspn strdup strerror "
    "strfry strftime strlen strncasecmp strncat strncmp strncpy strndup strnlen strpbrk strptime strrchr strsep "
    "strsignal strspn strstr strtod strtok strverscmp strxfrm swab swprintf swscanf symlink symlinkat sync "
    "syncfs syscall sysconf system tan tanh tcgetpgrp tcsetpgrp tee telldir tempnam tgamma tgkill timegm "
    "timelocal tmpfile tmpnam toascii tolower toupper trunc truncate ttyname ttyslot tzset ualarm umask ungetc "
    "ungetwc unlink unlinkat unlockpt unsetenv unshare uselocale usleep utimensat utimes valloc versionsort "
    "vfork vhangup vmsplice wait3 wait4 waitid waitpid wcrtomb wctob wctomb wctrans wcwidth wprintf write wscanf "
    "y0 y0f y0l y1 y1f y1l yn ynf ynl ";

// Types, variables and macros.
constexpr std::string_view kOthers =
    " "
    "DIR EOF FILE INFINITY NAN NULL clock_t dirent environ flock int16_t int32_t int64_t int8_t intmax_t "
    "intptr_t iovec itimerspec itimerval lconv linux off_t option ptrdiff_t sigevent sigval size_t sockaddr "
    "ssize_t stderr stdin stdout time_t timespec timeval timezone tm uint16_t uint32_t uint64_t uint8_t "
    "uintmax_t uintptr_t unix winsize ";

}  // namespace

bool is_taken_by_c(std::string_view name) {
  const std::string word = " " + std::string(name) + " ";
  for (const std::string_view words : {kHeaders, kFunctions, kOthers})
    if (words.find(word) != words.npos) return true;
  return false;
}

}  // namespace sparsec::cli
