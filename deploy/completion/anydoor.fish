# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of anydoor in fish: asks the program itself (`anydoor complete`).

function __anydoor_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    for line in ($words[1] complete -- $words[2..] "$typed" 2>/dev/null)
        switch $line
            case :files
                __fish_complete_path "$typed"
            case :directories
                __fish_complete_directories "$typed"
            case '*'
                echo $line
        end
    end
end

complete -c anydoor -f -a '(__anydoor_complete)'
