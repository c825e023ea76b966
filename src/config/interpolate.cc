#include "config/interpolate.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/node.h"

namespace weir {
namespace {

constexpr std::size_t file_bytes_max = 64 << 10;
constexpr std::string_view how_to =
    "write ${env:NAME}, ${env:NAME:-default} or ${file:/path}; $${ stands for ${ itself";

tl::unexpected<std::string> wrong(std::string message) { return tl::unexpected<std::string>(std::move(message)); }

bool is_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) return false;
  return true;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Why the opened file must not be read, empty where it may.
std::string refusal(const struct stat& info, bool secret) {
  if (!S_ISREG(info.st_mode)) return "is no regular file";
  if (info.st_uid != 0 && info.st_uid != ::geteuid())
    return "belongs to another user; give it to root or to the user Weir runs as";
  if (secret && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) return "can be read by group or others; run chmod 600 on it";
  return {};
}

Parsed<std::string> read_all(int fd) {
  std::string content;
  char buffer[4096];
  while (true) {
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return wrong(std::string("cannot be read: ") + std::strerror(errno));
    if (count == 0) break;
    content.append(buffer, static_cast<std::size_t>(count));
    if (content.size() > file_bytes_max) return wrong("is larger than 64 KB; it is meant for one value");
  }
  if (content.ends_with('\n')) content.pop_back();
  if (content.ends_with('\r')) content.pop_back();
  return content;
}

Parsed<std::string> from_file(std::string_view path, const Interpolation& how) {
  const std::string label = "the file of ${file:" + shown(path) + "} ";
  if (path.empty()) return wrong("${file:} names no file; " + std::string(how_to));
  std::string full(path);
  if (full[0] != '/') full = std::string(how.folder) + "/" + full;
  // O_NONBLOCK: opening a FIFO must not wait for its writer.
  const Descriptor file(::open(full.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    if (errno == ELOOP) return wrong(label + "is a symbolic link; name the file itself");
    return wrong(label + "cannot be opened: " + std::strerror(errno));
  }
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return wrong(label + "cannot be looked at: " + std::strerror(errno));
  if (const std::string reason = refusal(info, how.secret); !reason.empty()) return wrong(label + reason);
  auto content = read_all(file.get());
  if (!content) return wrong(label + content.error());
  return content;
}

Parsed<std::string> from_environment(std::string_view body, const Interpolation& how) {
  const std::size_t split = body.find(":-");
  const std::string name(body.substr(0, split));
  if (!is_name(name))
    return wrong("\"" + shown(name) + "\" is no name of an environment variable; " + std::string(how_to));
  if (!how.resolve) return std::string("-");
  auto value = how.environment(name);
  if (value && !value->empty()) return *value;
  if (split != std::string_view::npos) return std::string(body.substr(split + 2));
  if (value) return *value;
  return wrong("the environment variable " + name + " is not set; set it, or give a default: ${env:" + name +
               ":-default}");
}

Parsed<std::string> resolve(std::string_view body, const Interpolation& how) {
  if (body.starts_with("env:")) return from_environment(body.substr(4), how);
  if (!body.starts_with("file:")) return wrong("unknown reference ${" + shown(body) + "}; " + std::string(how_to));
  if (!how.resolve) return std::string("-");
  return from_file(body.substr(5), how);
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

Parsed<Interpolated> interpolate(std::string_view text, const Interpolation& how) {
  Interpolated out;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    out.text += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar);
    if (text.starts_with("$${")) {
      out.text += "${";
      text.remove_prefix(3);
      continue;
    }
    if (!text.starts_with("${")) {
      out.text += '$';
      text.remove_prefix(1);
      continue;
    }
    const std::size_t end = text.find('}');
    if (end == std::string_view::npos) return wrong("a ${ is not closed with }; " + std::string(how_to));
    auto value = resolve(text.substr(2, end - 2), how);
    if (!value) return wrong(value.error());
    out.text += *value;
    out.has_reference = true;
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string escape_references(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    // "$${" would read as an escape: every $ of a run before { is kept by one more.
    if (text[i] == '$' && i + 1 < text.size() && text[i + 1] == '{') out += '$';
    out += text[i];
  }
  return out;
}

}  // namespace weir
