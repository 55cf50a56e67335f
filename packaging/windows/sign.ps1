# Signs files with the certificate in $env:CERTIFICATE (PFX, base64) and $env:PASSWORD, with a time stamp. Used by the release workflow.
param([Parameter(Mandatory, ValueFromRemainingArguments)][string[]]$Files)
$ErrorActionPreference = 'Stop'
$pfx = New-TemporaryFile
try {
    [IO.File]::WriteAllBytes($pfx, [Convert]::FromBase64String($env:CERTIFICATE))
    $signtool = Get-ChildItem "${env:ProgramFiles(x86)}\Windows Kits\10\bin\*\x64\signtool.exe" | Sort-Object FullName | Select-Object -Last 1
    if (-not $signtool) { throw 'signtool.exe was not found' }
    & $signtool.FullName sign /f $pfx /p $env:PASSWORD /fd sha256 /tr http://timestamp.digicert.com /td sha256 $Files
    if ($LASTEXITCODE -ne 0) { throw "signtool failed with $LASTEXITCODE" }
} finally {
    Remove-Item $pfx
}
