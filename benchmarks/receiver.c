/* Receives one file over HTTP/1.1, writes it and hashes it: what a download costs where nothing is in the way.
 *
 *     receiver HOST PORT PATH DESTINATION CHUNK
 *
 * Prints seconds from before the connection to after the digest, then the sha256. The few prototypes of
 * OpenSSL's libcrypto are declared here, since its headers need not be installed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct evp_md_st EVP_MD;
EVP_MD_CTX *EVP_MD_CTX_new(void);
const EVP_MD *EVP_sha256(void);
int EVP_DigestInit_ex(EVP_MD_CTX *context, const EVP_MD *kind, void *engine);
int EVP_DigestUpdate(EVP_MD_CTX *context, const void *data, size_t count);
int EVP_DigestFinal_ex(EVP_MD_CTX *context, unsigned char *digest, unsigned int *size);

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static int connected(const char *host, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, host, &address.sin_addr);
    if (connection < 0 || connect(connection, (struct sockaddr *)&address, sizeof address))
        fail("connect");
    return connection;
}

static void write_all(int file, const char *data, size_t count)
{
    while (count) {
        ssize_t written = write(file, data, count);
        if (written < 0)
            fail("write");
        data += written;
        count -= written;
    }
}

int main(int count, char **words)
{
    if (count != 6)
        return 2;
    size_t chunk = strtoul(words[5], NULL, 10), have = 0;
    char *buffer = aligned_alloc(4096, chunk + 4096), *end = NULL;
    char request[4096];
    unsigned char digest[64];
    unsigned int digest_size = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_DigestInit_ex(context, EVP_sha256(), NULL);

    double began = now();
    int connection = connected(words[1], atoi(words[2]));
    int file = open(words[4], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file < 0)
        fail(words[4]);
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", words[3], words[1]);
    write_all(connection, request, strlen(request));
    while (!end) {
        ssize_t got = read(connection, buffer + have, chunk - have);
        if (got <= 0)
            fail("head");
        have += got;
        buffer[have] = 0;
        end = strstr(buffer, "\r\n\r\n");
    }
    char *length = strcasestr(buffer, "\r\ncontent-length:");
    if (strncmp(buffer, "HTTP/1.1 200", 12) || !length || length > end) {
        fprintf(stderr, "an answer that this program does not read: %.100s\n", buffer);
        return 1;
    }
    long long left = atoll(length + 17);
    char *data = end + 4;
    ssize_t got = have - (data - buffer);
    for (;;) {
        write_all(file, data, got);
        EVP_DigestUpdate(context, data, got);
        left -= got;
        if (left <= 0)
            break;
        data = buffer;
        got = recv(connection, data, left < (long long)chunk ? (size_t)left : chunk, MSG_WAITALL);
        if (got <= 0)
            fail("body");
    }
    EVP_DigestFinal_ex(context, digest, &digest_size);
    if (close(file))
        fail(words[4]);
    printf("%.6f ", now() - began);
    for (unsigned int index = 0; index < digest_size; index++)
        printf("%02x", digest[index]);
    printf("\n");
    return 0;
}
