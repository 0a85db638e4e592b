#include "tools/weir/completions.h"

#include <functional>
#include <string_view>

// Tested in tests/integration/completion_test.py.
namespace weir {
namespace {

using Visit = std::function<void(const CommandEntry&)>;

void visitAll(const CommandEntry& command, const Visit& visit) {
  visit(command);
  for (const CommandEntry& each : command.commands) visitAll(each, visit);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<std::string> namesOf(const std::vector<CommandEntry>& commands) {
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const CommandEntry& each : commands) names.push_back(each.name);
  return names;
}

// In single quotes, for any of the shells.
std::string quotedWord(std::string_view text, std::string_view quote) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += quote;
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

// The shell function's case over the words so far: which command they name.
std::string bashPaths(const CommandEntry& weir) {
  std::string text;
  visitAll(weir, [&text](const CommandEntry& command) {
    for (const CommandEntry& each : command.commands) {
      text += "      '" + command.path + ":" + each.name + "') path='" + each.path + "' ;;\n";
    }
  });
  return text;
}

std::string bashValuesOf(const std::string& path, const OptionEntry& option) {
  std::string text;
  for (const std::string& name : option.names) {
    text.append("    '").append(path).append(":").append(name);
    text.append("') words='").append(joined(option.choices));
    text.append(option.is_path ? "' files=yes ;;\n" : "' ;;\n");
  }
  return text;
}

// What can follow an option: its choices, or a path.
std::string bashValues(const CommandEntry& weir) {
  std::string text;
  visitAll(weir, [&text](const CommandEntry& command) {
    for (const OptionEntry& option : command.options) {
      if (!option.value.empty()) text += bashValuesOf(command.path, option);
    }
  });
  return text;
}

std::string bashWords(const CommandEntry& weir) {
  std::string text;
  visitAll(weir, [&text, &weir](const CommandEntry& command) {
    std::vector<std::string> words =
        namesOf(command.path == "help" ? weir.commands : command.commands);
    bool files = false;
    for (const OptionEntry& argument : command.arguments) {
      words.insert(words.end(), argument.choices.begin(), argument.choices.end());
      files = files || argument.is_path;
    }
    for (const OptionEntry& option : command.options) {
      words.insert(words.end(), option.names.begin(), option.names.end());
    }
    text += "    '" + command.path + "') words='" + joined(words) + "'" +
            (files ? " files=yes" : "") + " ;;\n";
  });
  return text;
}

// One line for _arguments of zsh: '*--dns[DNS name]:TEXT:(a b)'.
std::string zshEscaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string zshAction(const OptionEntry& option) {
  if (option.is_path) return "_files";
  return option.choices.empty() ? " " : "(" + joined(option.choices) + ")";
}

std::string zshOption(const OptionEntry& option, const std::string& name) {
  std::string spec = (option.repeatable ? "*" : "") + name + "[" + zshEscaped(option.meaning) + "]";
  if (!option.value.empty()) spec += ":" + option.value + ":" + zshAction(option);
  return "      " + quotedWord(spec, R"('\'')") + " \\\n";
}

std::string zshFunctionName(const CommandEntry& command) {
  std::string name = "_weir_" + command.path;
  for (char& c : name) c = c == ' ' || c == '-' ? '_' : c;
  return command.path.empty() ? "_weir" : name;
}

std::string zshArguments(const CommandEntry& command) {
  std::string text = "  _arguments -C \\\n";
  for (const OptionEntry& option : command.options) {
    for (const std::string& name : option.names) text += zshOption(option, name);
  }
  for (const OptionEntry& argument : command.arguments) {
    const std::string spec = std::string(argument.repeatable ? "*" : "") + ":" +
                             zshEscaped(argument.names.front()) + ":" + zshAction(argument);
    text += "      " + quotedWord(spec, R"('\'')") + " \\\n";
  }
  if (!command.commands.empty()) text += "      '1:command:->command' '*::argument:->argument'";
  return text + "\n";
}

std::string zshFunction(const CommandEntry& command) {
  std::string text =
      zshFunctionName(command) + "() {\n  local state line\n" + zshArguments(command);
  if (command.commands.empty()) return text + "}\n\n";
  text += "  local -a commands=(\n";
  std::string cases;
  for (const CommandEntry& each : command.commands) {
    text += "    " + quotedWord(each.name + ":" + zshEscaped(each.meaning), R"('\'')") + "\n";
    cases += "        " + each.name + ") " + zshFunctionName(each) + " ;;\n";
  }
  return text + "  )\n  case $state in\n    command) _describe command commands ;;\n" +
         "    argument)\n      case $line[1] in\n" + cases + "      esac ;;\n  esac\n}\n\n";
}

std::string fishOption(const OptionEntry& option, const std::string& condition) {
  std::string text = "complete -c weir -n " + condition;
  for (const std::string& name : option.names) {
    const bool is_long = name.starts_with("--");
    text += (is_long ? " -l " : " -s ") + name.substr(is_long ? 2 : 1);
  }
  if (!option.value.empty()) text += option.is_path ? " -r -F" : " -x";
  if (!option.choices.empty()) text += " -a '" + joined(option.choices) + "'";
  return text + " -d " + quotedWord(option.meaning, R"(\')") + "\n";
}

std::string fishCommand(const CommandEntry& command, const CommandEntry& weir) {
  const std::string condition = "'__weir_at \"" + command.path + "\"'";
  std::string text;
  for (const OptionEntry& option : command.options) text += fishOption(option, condition);
  for (const CommandEntry& each : command.path == "help" ? weir.commands : command.commands) {
    text += "complete -c weir -n " + condition + " -a " + each.name + " -d " +
            quotedWord(each.meaning, R"(\')") + "\n";
  }
  for (const OptionEntry& argument : command.arguments) {
    if (argument.is_path) text += "complete -c weir -n " + condition + " -F\n";
    if (argument.choices.empty()) continue;
    text += "complete -c weir -n " + condition + " -a '" + joined(argument.choices) + "'\n";
  }
  return text;
}

}  // namespace

std::string bashCompletion(const CommandEntry& weir) {
  return R"(# Completion of weir for bash: source <(weir completion bash)
_weir() {
  local cur=${COMP_WORDS[COMP_CWORD]} path= words= files= word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case "$path:$word" in
)" + bashPaths(weir) +
         R"(    esac
  done
  case "$path:${COMP_WORDS[COMP_CWORD-1]}" in
)" + bashValues(weir) +
         R"(    *) case "$path" in
)" + bashWords(weir) +
         R"(    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [ -n "$files" ]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$cur")
  fi
}
complete -F _weir weir
)";
}

std::string zshCompletion(const CommandEntry& weir) {
  std::string text =
      "#compdef weir\n# Completion of weir for zsh: weir completion zsh >${fpath[1]}/_weir\n\n";
  visitAll(weir, [&text](const CommandEntry& command) { text += zshFunction(command); });
  return text +
         "if [ \"$funcstack[1]\" = _weir ]; then _weir \"$@\"; else compdef _weir weir; fi\n";
}

std::string fishCompletion(const CommandEntry& weir) {
  std::string paths;
  std::string text;
  visitAll(weir, [&](const CommandEntry& command) {
    for (const CommandEntry& each : command.commands) {
      paths += "      case '" + command.path + ":" + each.name + "'\n        set path '" +
               each.path + "'\n";
    }
    text += fishCommand(command, weir);
  });
  return R"(# Completion of weir for fish: weir completion fish >~/.config/fish/completions/weir.fish
function __weir_at -a wanted
  set -l path ''
  for word in (commandline -opc)[2..-1]
    switch "$path:$word"
)" + paths +
         R"(    end
  end
  test "$path" = "$wanted"
end
complete -c weir -f
)" + text;
}

}  // namespace weir
