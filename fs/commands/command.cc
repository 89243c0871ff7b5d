#include "fs/commands/command.h"

#include <string_view>

#include "fs/commands/check_command.h"
#include "fs/commands/create_command.h"
#include "fs/commands/export_command.h"

namespace npyfs {
namespace {

struct NamedCommand {
  std::string_view option;
  Command run;
};
constexpr NamedCommand kCommands[] = {{"--check", &run_check}, {"--create", &run_create}, {"--export", &run_export}};

}  // namespace

Command command_named_in(int argc, char* argv[]) {
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    for (const auto& command : kCommands) {
      const std::string_view argument(argv[i]);
      if (argument.substr(0, argument.find('=')) == command.option) return command.run;
    }
  }
  return nullptr;
}

}  // namespace npyfs
