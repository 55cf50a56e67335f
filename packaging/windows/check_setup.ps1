# Installs dist\*-setup.exe silently, runs the installed program's self-test, removes it, and looks that nothing is left.
$ErrorActionPreference = 'Stop'
$folder = Join-Path $env:LOCALAPPDATA 'Programs\Sidelight'
$setup = (Get-ChildItem dist\*-setup.exe).FullName
Start-Process -Wait $setup -ArgumentList '/S'
$env:QT_QPA_PLATFORM = 'offscreen'
& "$folder\sidelight-cli.exe" --self-test
if ($LASTEXITCODE -ne 0) { throw 'the self-test failed' }
& "$folder\sidelight-cli.exe" --version
if ($LASTEXITCODE -ne 0) { throw '--version failed' }
# The uninstaller copies itself away and goes on from there: _?= keeps it in place, so that there is something to wait for.
Start-Process -Wait "$folder\uninstall.exe" -ArgumentList '/S', "_?=$folder"
Remove-Item "$folder\uninstall.exe" -ErrorAction SilentlyContinue
if (Get-ChildItem $folder -ErrorAction SilentlyContinue) { throw "something is left in $folder" }
if (Test-Path 'HKCU:\Software\Sidelight') { throw 'a key is left in the registry' }
